"""Where a result shows what the input does not say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jcarsr.image.picture import Metadata, Picture
from jcarsr.jpeg.grid import BLOCK
from jcarsr.pixels import Floats, Samples, to_samples

DIFFERENCE = 64
"""Levels (of 255) of difference to the faithful picture that are full red."""

LEAVING = 0.25
"""Share of a block's coefficients outside of their intervals that is full blue."""

_ROWS = 128  # compared at once


def detail_map(
    result: Picture, faithful: Picture | None, shares: Floats | None, size: tuple[int, int]
) -> Picture:
    """Draw how far a result departs from the faithful picture and from its JPEG's intervals.

    Red is the largest difference of a pixel's three colours to the faithful picture, blue the share
    of luma coefficients of the JPEG's block that leave their intervals; both grow linearly up to
    `DIFFERENCE` and `LEAVING`. Black is what departs from neither.

    Args:
        result: of 8 or 16 bits.
        faithful: of the same size, turned as `result`; None = it has no other part.
        shares: (block rows, block columns), see `measure_support`; None = no JPEG.
        size: (height, width) of the input, as stored.

    Returns:
        8 bits, of the result's size, without metadata.
    """
    samples = np.zeros(result.samples.shape, np.uint8)
    if faithful is not None:
        samples[..., 0] = _difference(result.samples, faithful.samples)
    if shares is not None:
        places = [
            np.arange(ours) * own // ours // BLOCK
            for ours, own in zip(samples.shape[:2], size, strict=True)
        ]
        blue = np.pad(to_samples(shares / LEAVING, np.uint8), ((0, 1), (0, 1)))
        samples[..., 2] = blue[np.ix_(*places)]  # incomplete blocks are black
    return replace(
        result, samples=samples, alpha=None, grey=False, metadata=Metadata(), notes=(), jpeg=None
    )


def _difference(result: Samples, faithful: Samples) -> Samples:
    top = np.float32(np.iinfo(result.dtype).max)
    red = np.empty(result.shape[:2], np.uint8)
    for first in range(0, len(result), _ROWS):
        rows = slice(first, first + _ROWS)
        away = np.abs(result[rows].astype(np.float32) - faithful[rows]).max(axis=2) / top
        red[rows] = to_samples(away * (255 / DIFFERENCE), np.uint8)
    return red
