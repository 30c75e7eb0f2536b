"""Not of the paper: how far training seeds alone move JCARSR."""

from jcarsr.experiments.plan import Contestant, ExperimentPlan, jcarsr

PLAN = ExperimentPlan(
    name="noise",
    table=None,
    title="Seed noise",
    reference="JCARSR",
    contestants=(Contestant(label="JCARSR", parts=(jcarsr(),), ours=True),),
)
