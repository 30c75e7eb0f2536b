"""Texts next to the bubbles of a figure, none over another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import cos, pi, sin

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

_NEAR = 2.0  # points between a bubble and its text
_DISTANCES = (_NEAR, 8, 16, 26, 38, 52, 70, 90, 115, 145)  # points
_DIRECTIONS = [2 * pi * step / 16 for step in (0, 8, 4, 12, 2, 14, 6, 10, *range(1, 16, 2))]
_PAD = 1.0  # points around a text


@dataclass(frozen=True, kw_only=True)
class Bubble:
    """A bubble and what is written next to it."""

    text: str
    x: float
    y: float
    """Both in the units of the axes."""
    radius: float
    """Points."""


def write_labels(figure: Figure, axes: Axes, bubbles: Sequence[Bubble], *, size: float) -> None:
    """Write every bubble's text as near to it as it fits, with a line to it where it is far.

    The figure's layout is fixed by it. Where there is no free place at all, a text covers bubbles,
    and only then other texts.

    Args:
        figure: with everything else in it.
        axes: the texts stay within them.
        bubbles: what is drawn already.
        size: of the texts, points.
    """
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    renderer, point = canvas.get_renderer(), figure.dpi / 72
    inside = axes.get_window_extent(renderer)
    centres = [axes.transData.transform((bubble.x, bubble.y)) for bubble in bubbles]
    discs = [
        _box(x, y, 2 * point * bubble.radius, 2 * point * bubble.radius)
        for (x, y), bubble in zip(centres, bubbles, strict=True)
    ]
    texts: list[Bbox] = []
    for bubble, (x, y) in zip(bubbles, centres, strict=True):
        label = axes.annotate(
            bubble.text, (bubble.x, bubble.y), fontsize=size, ha="center", va="center"
        )
        own = label.get_window_extent(renderer)
        width, height = own.width + 2 * _PAD * point, own.height + 2 * _PAD * point
        best: tuple[float, float, float, float, Bbox] | None = None
        for distance, angle in product(_DISTANCES, _DIRECTIONS):
            away = point * (bubble.radius + distance)
            right, up = cos(angle) * (away + width / 2), sin(angle) * (away + height / 2)
            box = _box(x + right, y + up, width, height)
            cost = 1e6 * _shared(box, texts) + _shared(box, discs)
            cost += 1e6 * (width * height - _shared(box, [inside]))
            if best is None or cost < best[0] - 1e-6:
                best = (cost, distance, right / point, up / point, box)
            if cost <= 1e-6:
                break
        assert best is not None
        _, distance, right, up, box = best
        label.remove()
        texts.append(box)
        line = {"arrowstyle": "-", "linewidth": 0.5, "color": "0.4", "shrinkB": bubble.radius}
        axes.annotate(
            bubble.text,
            (bubble.x, bubble.y),
            (right, up),
            textcoords="offset points",
            fontsize=size,
            ha="center",
            va="center",
            arrowprops=line if distance > _NEAR else None,
        )


def _box(x: float, y: float, width: float, height: float) -> Bbox:
    return Bbox.from_bounds(x - width / 2, y - height / 2, width, height)


def _shared(box: Bbox, others: Iterable[Bbox]) -> float:
    """The area that a box has in common with others."""
    common = [shared for other in others if (shared := Bbox.intersection(box, other))]
    return float(sum(shared.width * shared.height for shared in common))
