"""Table 8: the gradient loss on the SR branch, on the gradient branch, on both."""

from jcarsr.experiments.plan import Contestant, ExperimentPlan, jcarsr
from jcarsr.loss_weights import LossWeights

_SR = LossWeights(sr_gradient=0.1)

PLAN = ExperimentPlan(
    name="table8",
    table=8,
    title="Where the gradient loss is",
    reference="GL-GGB",
    contestants=(
        Contestant(label="GL-ISRB", parts=(jcarsr("isrb-carb", _SR),), ours=True),
        Contestant(label="GL-ISRB + GL-GGB", parts=(jcarsr("", _SR),), ours=True),
        Contestant(label="GL-GGB", parts=(jcarsr(),), ours=True),
    ),
    notes=(
        "The paper's numbers did not survive; its text says that GL-ISRB, without the gradient "
        "branch, loses 0.08 dB on Urban100 and that both together lie between.",
    ),
)
