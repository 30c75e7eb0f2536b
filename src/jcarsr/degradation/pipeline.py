"""hr -> (lr, lq): the paper's order (section 3.1) is bicubic down-scaling, then one JPEG."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jcarsr.degradation import resize
from jcarsr.degradation.history import History
from jcarsr.pixels import Pixels, to_pixels


class Degraded(NamedTuple):
    """Both are (H, W, 3) uint8 RGB."""

    lr: Pixels
    """The clean low-resolution picture."""
    lq: Pixels
    """The degraded one: the network's input."""


def low_resolution(hr: Pixels, scale: int, *, exact: bool = True) -> Pixels:
    """Shrink by bicubic filtering and round to 8 bits; in float32, not float64, unless `exact`.

    (scale * H, scale * W, 3) -> (H, W, 3) uint8. float32 moves at most 7e-5 of the values by one
    level and takes less time and half the memory.
    """
    return to_pixels(resize.downscale(hr.astype(np.float64 if exact else np.float32), scale))


def degrade(hr: Pixels, scale: int, history: History) -> Degraded:
    """Make the two low-resolution pictures of `hr`, whose sizes are multiples of `scale`.

    Raises:
        ValueError: sizes are no multiples, or the history shrinks by more than `scale`.
    """
    lr = low_resolution(hr, scale)
    return Degraded(lr, history(hr, lr))
