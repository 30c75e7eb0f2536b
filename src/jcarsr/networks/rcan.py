"""RCAN (Zhang et al. 2018, "Image Super-Resolution Using Very Deep Residual Channel Attention")."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from jcarsr.networks.enlarger import EnlargerConfig, EnlargerNetwork
from jcarsr.networks.layers import ChannelAttention, MeanShift, Upsampler, conv3x3


@dataclass(frozen=True, kw_only=True)
class RCANConfig(EnlargerConfig):
    """Sizes of an RCAN; the defaults are those of the JCARSR paper's Table 1 (RCAN's section 4.1).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 64
    num_groups: int = 10
    num_blocks: int = 20
    """In a group."""
    reduction: int = 16
    """Of the channels inside the attention."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.channels % self.reduction:
            raise ValueError(f"reduction must divide channels, got {self.reduction!r}")


class RCAB(nn.Module):
    """Residual channel attention block (section 3.4, Fig. 4).

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv3x3(channels, channels),
            nn.ReLU(),
            conv3x3(channels, channels),
            ChannelAttention(channels, reduction),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class ResidualGroup(nn.Module):
    """A row of RCABs and a convolution, with a short skip connection (section 3.2).

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, config: RCANConfig) -> None:
        super().__init__()
        c = config.channels
        blocks = (RCAB(c, config.reduction) for _ in range(config.num_blocks))
        self.body = nn.Sequential(*blocks, conv3x3(c, c))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class RCAN(EnlargerNetwork):
    """Residual groups within a long skip connection, then one upsampler (Fig. 2).

    Parameters are named as the authors' are.
    """

    architecture = "rcan"

    def __init__(self, config: RCANConfig) -> None:
        super().__init__(config)
        c = config.channels
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(conv3x3(3, c))
        groups = (ResidualGroup(config) for _ in range(config.num_groups))
        self.body = nn.Sequential(*groups, conv3x3(c, c))
        last = conv3x3(c, 3)
        self.tail = nn.Sequential(Upsampler(c, config.scale), last)
        self.add_mean = MeanShift(1)
        self.start_from_bilinear(last)

    @property
    def floats_per_pixel(self) -> int:
        """The upsampler's features and what it made of them."""
        return self.config.channels * (8 + 2 * self.scale**2)

    def enlarge(self, x: Tensor) -> Tensor:
        x = self.head(x)
        return self.tail(x + self.body(x))
