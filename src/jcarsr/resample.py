"""MATLAB-compatible bicubic resampling to any size, a band of rows at a time."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Float = TypeVar("Float", bound=np.floating)

_BAND = 128  # output rows of a band
_BLOCK = 32  # outputs of one matrix product along an axis
_REACH = 2.0  # of Keys' kernel, in the coarser grid's pixels


def resize(
    x: npt.NDArray[np.generic], height: int, width: int, dtype: type[Float]
) -> npt.NDArray[Float]:
    """MATLAB's imresize(x, [height width]): bicubic (a = -0.5), antialiased, borders mirrored.

    (H, W, C) of any type -> (height, width, C), not clamped. In float64 the result is exact for
    8-bit values, whole factors 2 and 4 and their inverses.

    Args:
        x: the picture.
        height: of the result, from 1 on.
        width: of the result, from 1 on.
        dtype: of the result and of the sums, float32 or float64.
    """
    return np.concatenate([band for _, band in resize_bands(x, height, width, dtype)])


def resize_bands(
    x: npt.NDArray[np.generic], height: int, width: int, dtype: type[Float]
) -> Iterator[tuple[slice, npt.NDArray[Float]]]:
    """Yield the rows of `resize` in their order, as (place, rows), for pictures of any size."""
    for top in range(0, height, _BAND):
        rows = slice(top, min(top + _BAND, height))
        if (height, width) == x.shape[:2]:  # every weight is 0 or 1
            yield rows, x[rows].astype(dtype)
            continue
        band = _along_rows(x, height, rows, dtype)
        band = _along_rows(band.swapaxes(0, 1), width, slice(0, width), dtype)
        yield rows, np.ascontiguousarray(band.swapaxes(0, 1))


def _along_rows(
    x: npt.NDArray[np.generic], size: int, wanted: slice, dtype: type[Float]
) -> npt.NDArray[Float]:
    """Rows `wanted` of x resized from len(x) to `size` rows: (H, W, C) -> (rows, W, C)."""
    result = np.empty((wanted.stop - wanted.start, *x.shape[1:]), dtype)
    for start in range(wanted.start, wanted.stop, _BLOCK):
        outputs = range(start, min(start + _BLOCK, wanted.stop))
        taps, weights = _weights(outputs, len(x), size)
        rows = np.ascontiguousarray(x[mirror(taps, len(x))], dtype)
        block = weights.astype(dtype) @ rows.reshape(len(rows), -1)
        at = start - wanted.start
        result[at : at + len(outputs)] = block.reshape(len(outputs), *x.shape[1:])
    return result


@functools.lru_cache(256)  # bands have the same columns, and pictures the same sizes
def _weights(
    outputs: range, length: int, size: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Places in the input that some outputs are made of, beyond its borders too, and weights.

    Returns:
        (taps,) and (outputs, taps), not to be written to; the kernel is stretched where the result
        is smaller.
    """
    stretch = max(length / size, 1.0)
    centres = ((2 * np.array(outputs) + 1) * length - size) / (2 * size)
    first = int(np.ceil(centres[0] - _REACH * stretch))
    last = int(np.floor(centres[-1] + _REACH * stretch))
    taps = np.arange(first, last + 1)
    weights = cubic_weights((taps - centres[:, None]) / stretch)
    taps.flags.writeable = weights.flags.writeable = False
    return taps, weights


def cubic_weights(distances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keys' cubic kernel (a = -0.5) at some distances, each row of the last axis with the sum 1."""
    x = np.abs(distances)
    near = (1.5 * x - 2.5) * x**2 + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights = np.where(x <= 1, near, np.where(x < _REACH, far, 0))
    return weights / weights.sum(-1, keepdims=True)


def mirror(places: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Places within the picture, those beyond a border mirrored, the border pixel included."""
    folded = places % (2 * length)
    return np.minimum(folded, 2 * length - 1 - folded)
