"""Bicubic enlargement: the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jcarsr.pixels import Pixels, to_pixels
from jcarsr.resample import resize


@dataclass(frozen=True)
class Bicubic:
    """MATLAB's imresize(lq, scale): what a picture looks like without any restoration."""

    scale: int

    def restore(self, lq: Pixels) -> Pixels:
        """(H, W, 3) uint8 RGB -> (scale * H, scale * W, 3) uint8 RGB."""
        height, width = (self.scale * side for side in lq.shape[:2])
        return to_pixels(resize(lq, height, width, np.float64))
