"""The square of a picture that a figure shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jcarsr.pixels import Pixels

_STEP = 8  # pixels from one square that is tried to the next


class Square(NamedTuple):
    """A square, in pixels of its picture."""

    top: int
    left: int
    side: int

    def of(self, pixels: Pixels, scale: int = 1) -> Pixels:
        """What lies in it, in a picture that is `scale` times as large."""
        top, left, side = (scale * value for value in self)
        return pixels[top : top + side, left : left + side]


def busiest(pictures: Sequence[Pixels], side: int) -> Square:
    """The square in which the pictures differ most from each other.

    Args:
        pictures: (H, W, 3) uint8 RGB, of one size.
        side: as of `densest`.
    """
    return densest(np.stack([p.astype(np.float32).mean(2) for p in pictures]).var(0), side)


def most_detailed(pixels: Pixels, side: int) -> Square:
    """The square with the largest differences between neighbours.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        side: as of `densest`.
    """
    grey = pixels.astype(np.float32).mean(2)
    across = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    down = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    return densest(across + down, side)


def densest(values: npt.NDArray[np.floating], side: int) -> Square:
    """The square with the largest sum; of equal ones the first from the top, then the left.

    Args:
        values: (H, W).
        side: of the square, pixels; that of the largest one that fits if this is too large.
            It is looked for every 8 pixels.
    """
    side = min(side, *values.shape)
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    sums[1:, 1:] = values.cumsum(0, np.float64).cumsum(1)
    totals = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    tried = totals[::_STEP, ::_STEP]
    top, left = np.unravel_index(tried.argmax(), tried.shape)
    return Square(_STEP * int(top), _STEP * int(left), side)
