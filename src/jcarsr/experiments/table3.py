"""Table 3: the picture is enlarged first, then artifacts are removed."""

from jcarsr.experiments.chains import CLEANERS, JCARSR, READING, SWINIR
from jcarsr.experiments.plan import Contestant, ExperimentPlan

SAVES = {"JDEC": ("jpeg100",)}
"""What is done between: JDEC decodes JPEGs, so the enlarged picture is saved once more."""

PLAN = ExperimentPlan(
    name="table3",
    table=3,
    title="SwinIR, then artifact removal",
    scales=(2, 4),
    reference="JCARSR",
    contestants=(
        *(
            Contestant(label=f"{name} + SwinIR", parts=(SWINIR, *SAVES.get(name, ()), cleaner))
            for name, cleaner in CLEANERS.items()
        ),
        JCARSR,
    ),
    notes=(
        READING,
        "QGCN reads the small JPEG's tables. For JDEC the enlarged picture is saved with quality "
        "100 first; the paper does not say how it did.",
    ),
)
