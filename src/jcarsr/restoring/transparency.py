"""Transparent pictures: colours without what lies hidden under transparent pixels."""

from __future__ import annotations

import numpy as np

from jcarsr.pixels import Floats, Samples, to_samples

_ROWS = 64  # an even number, done at once


def fill_hidden(samples: Samples, alpha: Samples) -> Samples:
    """Give fully transparent pixels the colour of the visible ones around them.

    What a file holds there is arbitrary, and would bleed into the edges of a result. The fill is
    the mean of the neighbourhood, premultiplied by alpha, at the smallest scale that sees
    anything.
    (H, W, 3), (H, W) -> (H, W, 3)
    """
    if alpha.min() > 0:
        return samples
    height, width = alpha.shape
    top = np.float32(np.iinfo(samples.dtype).max)
    strips = [slice(first, first + _ROWS) for first in range(0, height, _ROWS)]
    colours, weights = list[Floats](), list[Floats]()
    for rows in strips:  # whole arrays of floats would take much memory
        weight: Floats = alpha[rows, :, None].astype(np.float32) / top
        colours.append(_halve(samples[rows].astype(np.float32) / top * weight))
        weights.append(_halve(weight))
    coarse = _fill_from_coarser(np.concatenate(colours), np.concatenate(weights))
    result = samples.copy()
    for rows in strips:
        hidden = alpha[rows] == 0
        fill = coarse[rows.start // 2 : rows.stop // 2].repeat(2, 0).repeat(2, 1)
        fill = fill[: len(hidden), :width]
        result[rows][hidden] = to_samples(fill[hidden], samples.dtype)
    return result


def keep_certain(sr: Samples, alpha: Samples, scale: int) -> Samples:
    """Alpha as it was wherever a whole neighbourhood of it is fully transparent or fully opaque.

    The network may be off by a level, which would leave a veil over an empty background.

    Args:
        sr: (scale * H, scale * W) the enlarged alpha.
        alpha: (H, W) the input's.
        scale: between the two.
    """
    result = sr.copy()
    padded = np.pad(alpha, 1, mode="edge")
    height, width = alpha.shape
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    for level in (0, np.iinfo(alpha.dtype).max):
        certain = np.logical_and.reduce([part == level for part in around])
        result[certain.repeat(scale, 0).repeat(scale, 1)] = level
    return result


def _fill_from_coarser(colour: Floats, weight: Floats) -> Floats:
    """Colour / weight where there is weight; elsewhere the same of a picture half as large.

    (H, W, 3) premultiplied, (H, W, 1) -> (H, W, 3)
    """
    own = np.divide(colour, np.maximum(weight, np.float32(1e-12)), dtype=np.float32)
    height, width = weight.shape[:2]
    if height * width == 1 or weight.min() > 0:
        return own
    coarse = _fill_from_coarser(_halve(colour), _halve(weight))
    coarse = coarse.repeat(2, 0).repeat(2, 1)[:height, :width]
    return np.where(weight > 0, own, coarse)


def _halve(x: Floats) -> Floats:
    """Sums of 2x2 pixels; an odd last row or column stands alone."""
    x = np.pad(x, ((0, x.shape[0] % 2), (0, x.shape[1] % 2), (0, 0)))
    return x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]
