"""Table 2: artifacts are removed first, then the picture is enlarged."""

from jcarsr.experiments.chains import CLEANERS, JCARSR, READING, SWINIR
from jcarsr.experiments.plan import Contestant, ExperimentPlan

PLAN = ExperimentPlan(
    name="table2",
    table=2,
    title="Artifact removal, then SwinIR",
    scales=(2, 4),
    reference="JCARSR",
    contestants=(
        *(
            Contestant(label=f"{name} + SwinIR", parts=(cleaner, SWINIR))
            for name, cleaner in CLEANERS.items()
        ),
        JCARSR,
    ),
    notes=(READING,),
)
