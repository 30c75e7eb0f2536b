"""Table 6: the SR branch alone, with the gradient branch, with both others; equal sizes."""

from jcarsr.experiments.plan import Contestant, ExperimentPlan, jcarsr

PLAN = ExperimentPlan(
    name="table6",
    table=6,
    title="The three branches",
    reference="ISRB + GGB + CARB",
    contestants=(
        Contestant(label="ISRB", parts=(jcarsr("isrb"),)),
        Contestant(label="ISRB + GGB", parts=(jcarsr("isrb-ggb"),)),
        Contestant(label="ISRB + GGB + CARB", parts=(jcarsr(),)),
    ),
)
