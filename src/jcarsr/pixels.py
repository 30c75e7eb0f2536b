"""The one form in which pictures travel outside the network: numpy, uint8, (H, W, 3), RGB."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

Planes: TypeAlias = npt.NDArray[np.float32]
"""(N, 3, H, W) float32 RGB, a picture's values in [0, 1]."""


def to_planes(pixels: Pixels) -> Planes:
    """(H, W, 3) uint8 -> (1, 3, H, W) float32 in [0, 1]."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32)
    return planes / np.float32(255)


def crop_to_multiple(pixels: Pixels, multiple: int) -> Pixels:
    """Cut rows and columns off the end until both sizes are multiples of `multiple`."""
    height, width = (size - size % multiple for size in pixels.shape[:2])
    return pixels[:height, :width]
