"""The forms in which pictures travel outside the network: numpy arrays, (H, W, 3), RGB."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

_ROWS = 64  # converted at once

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

Samples: TypeAlias = npt.NDArray[Any]
"""uint8 or uint16; (H, W, 3) RGB where nothing else is said."""

Planes: TypeAlias = npt.NDArray[np.float32]
"""(N, 3, H, W) float32 RGB, a picture's values in [0, 1]."""

Floats: TypeAlias = npt.NDArray[np.float32]
"""Of any shape."""


Tables: TypeAlias = npt.NDArray[np.float32]
"""(N, 2, 8, 8) float32: the steps of a JPEG's quantisation tables, luma and chroma, from 1 on."""


def to_planes(samples: Samples) -> Planes:
    """(H, W, 3) uint8 or uint16 -> (1, 3, H, W) float32 in [0, 1]."""
    planes = np.ascontiguousarray(samples.transpose(2, 0, 1)[None], dtype=np.float32)
    return planes / np.float32(np.iinfo(samples.dtype).max)


def to_samples(x: npt.NDArray[np.floating], dtype: npt.DTypeLike) -> Samples:
    """Floats around [0, 1] of any shape -> uint8 or uint16 as `dtype` says, clamped and rounded."""
    top = np.iinfo(dtype).max
    levels = x * x.dtype.type(top)
    np.rint(levels, out=levels)
    np.clip(levels, 0, top, out=levels)
    return levels.astype(dtype)


def to_pixels(x: npt.NDArray[np.floating]) -> Pixels:
    """Floats around 0..255 of any shape -> uint8, clamped and rounded."""
    return x.round().clip(0, 255).astype(np.uint8)


def luma(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Y of BT.601 in the studio range, as MATLAB's rgb2ycbcr: 16 (black) to 235 (white).

    (H, W, 3) uint8 -> (H, W)
    """
    return 16 + (pixels / 255) @ np.array([65.481, 128.553, 24.966])


def to_8_bits(samples: Samples) -> Pixels:
    """uint8 or uint16 of any shape -> uint8, rounded."""
    if samples.dtype == np.uint8:
        return samples
    eight = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), _ROWS):
        rows = samples[top : top + _ROWS].astype(np.uint32)
        eight[top : top + _ROWS] = (rows + 128) // 257
    return eight


def crop_to_multiple(pixels: Pixels, multiple: int) -> Pixels:
    """Cut rows and columns off the end until both sizes are multiples of `multiple`."""
    height, width = (size - size % multiple for size in pixels.shape[:2])
    return pixels[:height, :width]
