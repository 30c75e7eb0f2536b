"""Figures 7 and 8: where the methods of Table 1, or of Tables 2 and 3, differ most, enlarged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jcarsr.experiments import table1, table2, table3
from jcarsr.experiments.figures.scene import Scene
from jcarsr.experiments.figures.sheet import Panel, in_rows, save_sheet
from jcarsr.experiments.figures.squares import busiest
from jcarsr.experiments.plan import ExperimentPlan
from jcarsr.methods.bicubic import Bicubic

SIDE = 64
"""Of a crop, pixels of hr."""
COLUMNS, SHOWN = 4, 256
_SCALE = 2


def draw_table1(scene: Scene, path: Path) -> None:
    """Draw Figure 7.

    Raises:
        DataError: no network of it is trained, or the picture cannot be chosen or read.
    """
    _draw(scene, path, {"": table1.PLAN})


def draw_chains(scene: Scene, path: Path) -> None:
    """Draw Figure 8, with the chains in both orders.

    Raises:
        DataError: as `draw_table1`.
    """
    _draw(scene, path, {"": table2.PLAN, "SR first: ": table3.PLAN})


def _draw(scene: Scene, path: Path, plans: Mapping[str, ExperimentPlan]) -> None:
    entrants = scene.entrants(plans, _SCALE)
    sample = scene.sample(entrants)
    restored = {label: own.method.restore(sample.lq) for label, own in entrants.items()}
    bicubic = Bicubic(_SCALE).restore(sample.lq.pixels)
    compared = list(restored.values())
    square = busiest(compared if len(compared) > 1 else [bicubic, *compared], SIDE)
    panels = [
        Panel(name=f"{sample.name}, HR", pixels=sample.hr, frame=square),
        Panel(name="HR", pixels=square.of(sample.hr), below="PSNR / SSIM of the whole picture"),
    ]
    for label, pixels in {"bicubic": bicubic, **restored}.items():
        panels.append(Panel(name=label, pixels=square.of(pixels), below=sample.score(pixels)))
    caption = f"{scene.title(entrants)}; {sample.title}"
    save_sheet(in_rows(panels, COLUMNS), path, caption=caption, side=SHOWN)
