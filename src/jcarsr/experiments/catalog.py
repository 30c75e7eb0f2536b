"""Every experiment by name."""

from __future__ import annotations

from jcarsr.experiments import (
    noise,
    table1,
    table2,
    table3,
    table4,
    table5,
    table6,
    table7,
    table8,
)
from jcarsr.experiments.plan import ExperimentPlan

_MODULES = (noise, table1, table2, table3, table4, table5, table6, table7, table8)

PLANS: dict[str, ExperimentPlan] = {module.PLAN.name: module.PLAN for module in _MODULES}
"""Name -> the tables; `noise` first, because it says what the others can show."""


def find_plans(name: str) -> list[ExperimentPlan]:
    """The plan of that name, or all for `all`.

    Raises:
        ValueError: no such experiment.
    """
    if name == "all":
        return list(PLANS.values())
    if name not in PLANS:
        raise ValueError(f"{name}: no such experiment, there are {', '.join(PLANS)} and all")
    return [PLANS[name]]
