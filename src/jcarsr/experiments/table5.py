"""Table 5: JCARSR without MSNAFB, MA, MSCCB."""

from jcarsr.experiments.plan import Contestant, ExperimentPlan, jcarsr

PLAN = ExperimentPlan(
    name="table5",
    table=5,
    title="Without MSNAFB, MA, MSCCB",
    reference="JCARSR",
    contestants=(
        Contestant(label="w/o MSNAFB", parts=(jcarsr("no-msnafb"),)),
        Contestant(label="w/o MSNAFB, equal size", parts=(jcarsr("no-msnafb-equal"),), ours=True),
        Contestant(label="w/o MA", parts=(jcarsr("no-ma"),)),
        Contestant(label="w/o MSCCB", parts=(jcarsr("no-msccb"),)),
        Contestant(label="w/o MSCCB, equal size", parts=(jcarsr("no-msccb-equal"),), ours=True),
        Contestant(label="JCARSR", parts=(jcarsr(),)),
    ),
    notes=(
        "Lines of equal size are ours: blocks are added to the SR branch until the network is as "
        "large as JCARSR. Without MA it is smaller by 1.3 % (the small networks) or 1.4 %.",
    ),
)
