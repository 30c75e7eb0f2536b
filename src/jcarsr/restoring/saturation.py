"""White and black areas, which a network may leave a level away from white and black."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jcarsr.pixels import Samples

RADIUS = 2
"""Pixels around one that must be as white or black as it is."""

_ROWS = 64  # of the input, done at once


def keep_saturated(sr: Samples, lq: Samples, scale: int) -> None:
    """Make a result white or black wherever the input is so in a whole neighbourhood.

    Backgrounds of drawings, texts and cut-outs stay pure. In Set5 and Set14 it changes PSNR by
    less than 0.005 dB.

    Args:
        sr: (scale * H, scale * W, 3), changed in place.
        lq: (H, W, 3) of the same type.
        scale: between the two.
    """
    height, top = len(lq), np.iinfo(lq.dtype).max
    for first in range(0, height, _ROWS):
        last = min(first + _ROWS, height)
        start, stop = max(first - RADIUS, 0), min(last + RADIUS, height)
        for level in (0, top):
            seen = (lq[start:stop] == level).all(axis=2)
            if not seen.any():
                continue
            seen = np.pad(seen, (_missing(first - start, stop - last), (RADIUS, RADIUS)), "edge")
            certain = _everywhere(_everywhere(seen).T).T
            part = sr[scale * first : scale * last]
            part[certain.repeat(scale, 0).repeat(scale, 1)] = level


def _missing(above: int, below: int) -> tuple[int, int]:
    """Rows that a strip lacks of its neighbourhood at the picture's ends."""
    return RADIUS - above, RADIUS - below


def _everywhere(seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether all rows around one are so. (H + 2 * RADIUS, W) -> (H, W)"""
    rows = len(seen) - 2 * RADIUS
    return np.logical_and.reduce([seen[shift : shift + rows] for shift in range(2 * RADIUS + 1)])
