"""Table 7: fusion in one direction or in both."""

from jcarsr.experiments.plan import Contestant, ExperimentPlan, jcarsr

PLAN = ExperimentPlan(
    name="table7",
    table=7,
    title="Fusion in one direction or in both",
    reference="unidirectional SKFF",
    contestants=(
        Contestant(label="bidirectional SKFF", parts=(jcarsr("two-way"),)),
        Contestant(label="unidirectional SKFF", parts=(jcarsr(),)),
    ),
)
