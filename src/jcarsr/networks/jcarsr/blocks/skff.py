"""SKFF: selective kernel feature fusion (MIRNet, Zamir et al. 2020; paper section 2.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SKFF(nn.Module):
    """Sums two feature maps, weighed per channel by a softmax over the two.

    2 x (N, C, H, W) -> (N, C, H, W). Without bias, reduction 8 (at least 4 channels), as MIRNet.
    """

    def __init__(self, channels: int, reduction: int = 8) -> None:
        super().__init__()
        hidden = max(channels // reduction, 4)
        self.squeeze = nn.Sequential(nn.Conv2d(channels, hidden, 1, bias=False), nn.PReLU())
        self.excite = nn.ModuleList(nn.Conv2d(hidden, channels, 1, bias=False) for _ in range(2))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        z = self.squeeze((a + b).mean((2, 3), keepdim=True))  # (N, hidden, 1, 1)
        share = torch.stack([excite(z) for excite in self.excite]).softmax(0)  # (2, N, C, 1, 1)
        return share[0] * a + share[1] * b
