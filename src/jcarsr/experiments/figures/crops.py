"""Figures 7 and 8: where the methods of Table 1, or of Tables 2 and 3, differ most, enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jcarsr.experiments import table1, table2, table3
from jcarsr.experiments.figures.scene import Scene, choose_picture, load_sample
from jcarsr.experiments.figures.sheet import save_sheet
from jcarsr.experiments.plan import ExperimentPlan
from jcarsr.methods.bicubic import Bicubic
from jcarsr.pixels import Pixels

SETS = ("Urban100", "B100", "Set14", "Set5")
SIDE = 64  # of a crop, pixels of hr
_SCALE = 2


def draw_table1(scene: Scene, path: Path) -> None:
    """Draw Figure 7."""
    _draw(scene, path, [("", table1.PLAN)])


def draw_chains(scene: Scene, path: Path) -> None:
    """Draw Figure 8, with the chains in both orders."""
    _draw(scene, path, [("", table2.PLAN), ("SR first: ", table3.PLAN)])


def _draw(scene: Scene, path: Path, plans: Sequence[tuple[str, ExperimentPlan]]) -> None:
    jobs = {
        label if label == "JCARSR" else mark + label: job
        for mark, plan in plans
        for label, job in scene.jobs(plan, _SCALE, SETS).items()
    }
    methods = scene.methods(jobs)
    rows = {label: row for label, row in scene.rows(jobs).items() if label in methods}
    name = choose_picture(rows, scene.picture)
    sample = load_sample(jobs[next(iter(rows))], name)
    restored = {label: method.restore(sample.lq) for label, method in methods.items()}
    top, left = busiest(list(restored.values()), SIDE)
    restored = {"bicubic": Bicubic(_SCALE).restore(sample.lq.pixels), **restored}

    def crop(pixels: Pixels) -> Pixels:
        return pixels[top : top + SIDE, left : left + SIDE]

    panels = [(f"{name}: HR", crop(sample.hr))]
    panels += [(label, crop(pixels)) for label, pixels in restored.items()]
    save_sheet(panels, path, columns=4, side=192)


def busiest(pictures: Sequence[Pixels], side: int) -> tuple[int, int]:
    """(top, left) of the square in which the pictures differ most from each other.

    Args:
        pictures: (H, W, 3) uint8 RGB, of one size.
        side: of the square, pixels; it is looked for every 8 pixels.
    """
    spread = np.stack([p.astype(np.float32).mean(2) for p in pictures]).var(0)
    sums = np.zeros((spread.shape[0] + 1, spread.shape[1] + 1))
    sums[1:, 1:] = spread.cumsum(0, np.float64).cumsum(1)
    height, width = (max(1, length - side + 1) for length in spread.shape)
    best, place = -1.0, (0, 0)
    for top in range(0, height, 8):
        for left in range(0, width, 8):
            bottom, right = min(top + side, spread.shape[0]), min(left + side, spread.shape[1])
            total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
            if total > best:
                best, place = float(total), (top, left)
    return place
