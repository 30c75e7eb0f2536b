"""Table 4: every quality factor, one network for all."""

from jcarsr.experiments.plan import Contestant, ExperimentPlan, enlarger, jcarsr

PLAN = ExperimentPlan(
    name="table4",
    table=4,
    title="Quality factors",
    scales=(2, 4),
    qfs=(10, 20, 30, 40, 80),
    reference="JCARSR",
    contestants=(
        Contestant(label="SwinIR", parts=(enlarger("swinir"),)),
        Contestant(label="JCARSR", parts=(jcarsr(),)),
    ),
    notes=(
        "One network is trained for all five qualities; the paper may have trained one for each.",
    ),
)
