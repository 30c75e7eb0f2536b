"""Every figure by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jcarsr.experiments import table1, table2, table3, table6
from jcarsr.experiments.figures import crops, gradients, real, speed
from jcarsr.experiments.figures.scene import Scene
from jcarsr.experiments.plan import ExperimentPlan

_ALL = ("--out", "--given", "--device")
_TABLES = ("--data", "--sets", "--size", "--steps", "--minutes-per-model", "--precision", "--known")


@dataclass(frozen=True)
class Drawing:
    """A figure: what it shows, and how it is drawn."""

    title: str
    file: str
    """Its name in the folder of results."""
    plans: tuple[ExperimentPlan, ...]
    """Whose networks it shows."""
    draw: Callable[[Scene, Path], None]
    options: tuple[str, ...]
    """Of the command, those that mean something for it."""
    given: tuple[str, ...] = ()
    """Presets whose weights may be given as well."""


FIGURES: dict[str, Drawing] = {
    "fig6": Drawing(
        "PSNR against time and size", "fig6.svg", (table1.PLAN,), speed.draw, (*_ALL, *_TABLES)
    ),
    "fig7": Drawing(
        "Crops of Table 1",
        "fig7.png",
        (table1.PLAN,),
        crops.draw_table1,
        (*_ALL, *_TABLES, "--picture"),
    ),
    "fig8": Drawing(
        "Crops of Tables 2 and 3",
        "fig8.png",
        (table2.PLAN, table3.PLAN),
        crops.draw_chains,
        (*_ALL, *_TABLES, "--picture"),
    ),
    "fig9": Drawing(
        "Real pictures", "fig9.png", (), real.draw, (*_ALL, "--pictures"), given=real.GIVEN
    ),
    "fig10": Drawing(
        "Gradient maps",
        "fig10.png",
        (table6.PLAN,),
        gradients.draw,
        (*_ALL, *_TABLES, "--picture"),
    ),
}
"""Name -> the figure."""
