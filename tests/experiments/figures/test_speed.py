from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from jcarsr.experiments.figures.speed import Point, as_svg, median_ratio, plot

NAMES = ("EDSR", "RDN", "RCAN", "MDCN", "SwinIR", "DRCT", "HMA", "JCARSR")


def points(spread: float, seed: int) -> list[Point]:
    """Eight methods of about one size, as near to each other as `spread` says."""
    rng = np.random.default_rng(seed)
    return [
        Point(
            method=name,
            psnr=27.3 + spread * float(rng.random()),
            seconds=(seconds := 0.5 * 10 ** (spread * float(rng.random()))),
            ratio=seconds / 0.5,
            parameters=int(rng.integers(430_000, 480_000)),
            machine="A CPU, 2 threads, torch",
        )
        for name in NAMES
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("spread", [0.0, 0.02, 1.0])
def test_no_label_lies_over_another_or_outside(spread: float, seed: int) -> None:
    figure = plot(points(spread, seed), "Networks of size lite", relative=True)
    renderer = FigureCanvasAgg(figure).get_renderer()
    (axes,) = figure.axes
    inside = axes.get_window_extent(renderer)
    labels: dict[str, Bbox] = {}
    for text in axes.texts:
        assert isinstance(text, Annotation)
        text.update_positions(renderer)
        labels[text.get_text()] = Text.get_window_extent(text, renderer)  # without its line
    assert [label.split(",")[0] for label in labels] == list(NAMES)
    for box in labels.values():
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1
        assert inside.y0 <= box.y0 and box.y1 <= inside.y1
    for one, other in combinations(labels.values(), 2):
        assert Bbox.intersection(one, other) is None


def test_same_points_make_the_same_figure_that_names_the_machine() -> None:
    def draw() -> str:
        return as_svg(plot(points(1.0, 0), "Networks of size lite", relative=False))

    assert draw() == draw()
    assert "<!-- seconds a picture of Set5 (A CPU, 2 threads, torch) -->" in draw()


def test_ratios_are_shown_where_all_have_one() -> None:
    some = points(1.0, 0)
    figure = plot(some, "", relative=True)
    (axes,) = figure.axes
    shown = [float(spot.get_offsets().data[0, 0]) for spot in axes.collections]
    assert shown == [point.seconds / 0.5 for point in some]
    assert "JCARSR = 1" in axes.get_xlabel()
    figure = plot([*some, replace(some[0], ratio=None)], "", relative=True)
    assert "seconds a picture" in figure.axes[0].get_xlabel()


def test_a_round_that_was_disturbed_does_not_move_the_ratio() -> None:
    assert median_ratio([2.0, 8.0, 2.2], [1.0, 4.0, 1.0]) == 2.0
