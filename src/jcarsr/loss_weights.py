"""How the terms of a training loss are weighed. Imports no PyTorch: recipes are listed without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

PixelError: TypeAlias = Literal["absolute", "squared", "log_rms"]
"""What stands for eq. 17; absolute is the paper's."""


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Total = pixel * eq. 17 + gradient * eq. 18 + jcar * eq. 19 (eq. 20; the paper's values).

    `sr_gradient` weighs eq. 18 of the restored picture's own Sobel map, which the paper's Table 8
    takes in place of the gradient branch, or with it.
    """

    pixel: float = 1.0
    gradient: float = 0.1
    jcar: float = 0.5
    harm: float = 0.0  # not the paper's
    sr_gradient: float = 0.0  # 0.1 in Table 8
