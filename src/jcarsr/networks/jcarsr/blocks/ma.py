"""MA: mix attention (paper Fig. 4, eq. 8-11)."""

from __future__ import annotations

from torch import Tensor, nn


class MA(nn.Module):
    """Weighs every value by channel attention times spatial attention (eq. 8-11).

    channel = sigmoid(conv1x1(GELU(conv1x1(mean over pixels of x))))    (N, C, 1, 1)
    spatial = sigmoid(conv7x7(max over channels of x))                  (N, 1, H, W)
    (N, C, H, W) -> (N, C, H, W): x * channel * spatial

    The reduction of 4 is inferred from the paper's parameter count, not stated there.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // 4
        self.channel = nn.Sequential(
            nn.Conv2d(channels, hidden, 1), nn.GELU(), nn.Conv2d(hidden, channels, 1), nn.Sigmoid()
        )
        self.spatial = nn.Sequential(nn.Conv2d(1, 1, 7, padding=3), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        channel = self.channel(x.mean((2, 3), keepdim=True))  # (N, C, 1, 1)
        # Not amax: its gradient looks for x == amax(x). Compiled in bfloat16 the two are rounded
        # differently, no channel is found, and the gradient is 0 / 0 (pytorch/pytorch#195214).
        spatial = self.spatial(x.max(1, keepdim=True).values)  # (N, 1, H, W)
        return x * (channel * spatial)
