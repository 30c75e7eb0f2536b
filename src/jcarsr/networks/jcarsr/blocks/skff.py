"""SKFF: selective kernel feature fusion (MIRNet, Zamir et al. 2020; paper section 2.1)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class _Fusion(nn.Module):
    """What both kinds share. Without bias, reduction 8 (at least 4 channels), as MIRNet."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self._hidden = max(channels // 8, 4)
        squeeze = nn.Conv2d(channels, self._hidden, 1, bias=False)
        self.squeeze = nn.Sequential(squeeze, nn.PReLU())
        self.excite = self._excitations(channels)

    def _excitations(self, channels: int) -> nn.ModuleList:
        return nn.ModuleList(nn.Conv2d(self._hidden, channels, 1, bias=False) for _ in range(2))

    def _squeeze_sum(self, a: Tensor, b: Tensor) -> Tensor:
        return self.squeeze((a + b).mean((2, 3), keepdim=True))  # (N, hidden, 1, 1)

    @staticmethod
    def _weigh(a: Tensor, b: Tensor, z: Tensor, excite: Iterable[nn.Module]) -> Tensor:
        share = torch.stack([layer(z) for layer in excite]).softmax(0)  # (2, N, C, 1, 1)
        return share[0] * a + share[1] * b


class SKFF(_Fusion):
    """Sums two feature maps, weighed per channel by a softmax over the two.

    2 x (N, C, H, W) -> (N, C, H, W)
    """

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self._weigh(a, b, self._squeeze_sum(a, b), self.excite)


class TwoWaySKFF(_Fusion):
    """Gives both branches a sum of their own (Table 7, where it costs 0.04 to 0.18 dB).

    The paper does not print its inside: here one squeeze serves both sums.
    2 x (N, C, H, W) -> 2 x (N, C, H, W), for the branch of a and for that of b
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.excite_other = self._excitations(channels)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        z = self._squeeze_sum(a, b)
        return self._weigh(a, b, z, self.excite), self._weigh(a, b, z, self.excite_other)
