"""Bicubic enlargement: the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jcarsr.degradation.resize import upscale
from jcarsr.pixels import Pixels, to_pixels


@dataclass(frozen=True)
class Bicubic:
    """MATLAB's imresize(lq, scale): what a picture looks like without any restoration."""

    scale: int

    def restore(self, lq: Pixels) -> Pixels:
        """(H, W, 3) uint8 RGB -> (scale * H, scale * W, 3) uint8 RGB."""
        return to_pixels(upscale(lq.astype(np.float64), self.scale))
