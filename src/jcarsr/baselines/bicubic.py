"""Bicubic enlargement: the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from jcarsr.degradation.resize import upscale
from jcarsr.pixels import Pixels


@dataclass(frozen=True)
class Bicubic:
    """MATLAB's imresize(lq, scale): what a picture looks like without any restoration."""

    scale: int

    def restore(self, lq: Pixels) -> Pixels:
        """(H, W, 3) uint8 RGB -> (scale * H, scale * W, 3) uint8 RGB."""
        planes = torch.from_numpy(lq).permute(2, 0, 1)[None].double()
        sr = upscale(planes, self.scale).round().clamp(0, 255).byte()
        return np.ascontiguousarray(sr[0].permute(1, 2, 0).numpy())
