"""MATLAB-compatible bicubic shrinking by whole factors: every output row is a few input rows' sum.

Sums are made in one order, so that training pictures are the same to the last bit everywhere; the
matrix products of `jcarsr.resample`, which goes to any size, are not.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from jcarsr.resample import cubic_weights, mirror

Float = TypeVar("Float", bound=np.floating)

_BLOCK = 16  # output rows at once: what they are made of stays in the processor's cache


def downscale(x: npt.NDArray[Float], scale: int) -> npt.NDArray[Float]:
    """MATLAB's imresize(x, 1 / scale): bicubic (a = -0.5), antialiased, borders mirrored.

    (scale * H, scale * W, C) -> (H, W, C). Overshoots are not clamped. float64 in gives the exact
    result for 8-bit values and scales 2 and 4; float32 errs by about 1e-4 of a grey level.

    Raises:
        ValueError: height or width is not a multiple of `scale`.
    """
    height, width = x.shape[:2]
    if height % scale or width % scale:
        raise ValueError(f"height and width must be multiples of {scale}, got {height}x{width}")
    for _ in range(2):
        x = np.ascontiguousarray(_along_rows(x, scale).swapaxes(0, 1))
    return x


def _along_rows(x: npt.NDArray[Float], step: int) -> npt.NDArray[Float]:
    """Every `step` rows become one: (H, W, C) -> (H // step, W, C)."""
    length, steps = len(x), len(x) // step
    mirrored = mirror(np.arange(-2 * step, length + 2 * step), length)
    weights = _weights(step).astype(x.dtype)
    y = np.zeros((steps, *x.shape[1:]), x.dtype)
    for start in range(0, steps, _BLOCK):
        block = y[start : start + _BLOCK]
        rows = x[mirrored[start * step : (start + len(block) + 4) * step]]
        for tap, weight in enumerate(weights):
            if weight:
                block += weight * rows[tap : tap + len(block) * step : step]
    return y


def _weights(step: int) -> npt.NDArray[np.float64]:
    """(5 * step,): what an output row takes of which rows, from -2 * step on.

    It lies at (step - 1) / 2; Keys' cubic kernel, stretched by `step`, reaches 2 * step rows from
    there.
    """
    return cubic_weights((np.arange(-2 * step, 3 * step) - (step - 1) / 2) / step)
