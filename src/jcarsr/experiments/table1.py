"""Table 1: networks that enlarge, all trained on the same JPEGs."""

from jcarsr.experiments.plan import Contestant, ExperimentPlan, enlarger, jcarsr

PLAN = ExperimentPlan(
    name="table1",
    table=1,
    title="Networks that enlarge",
    scales=(2, 4),
    reference="JCARSR",
    contestants=(
        *(
            Contestant(label=name, parts=(enlarger(name.lower()),))
            for name in ("EDSR", "RDN", "RCAN", "MDCN", "SwinIR", "DRCT", "HMA")
        ),
        # the others have no global skip at the paper's size; small, all of them have one
        Contestant(
            label="JCARSR w/o global skip", parts=(jcarsr("no-skip"),), ours=True, sizes=("paper",)
        ),
        Contestant(label="JCARSR", parts=(jcarsr(),)),
    ),
)
