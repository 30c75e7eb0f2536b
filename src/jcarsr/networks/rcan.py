"""RCAN (Zhang et al. 2018, "Image Super-Resolution Using Very Deep Residual Channel Attention")."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from jcarsr.networks.block_enlarger import BlockConfig, BlockEnlarger
from jcarsr.networks.layers import ChannelAttention, conv3x3


@dataclass(frozen=True, kw_only=True)
class RCANConfig(BlockConfig):
    """Sizes of an RCAN; the defaults are those of the JCARSR paper's Table 1 (RCAN's section 4.1).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

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


class RCAN(BlockEnlarger):
    """Residual groups within a long skip connection, then one upsampler (Fig. 2)."""

    architecture = "rcan"

    def __init__(self, config: RCANConfig) -> None:
        super().__init__(config, (ResidualGroup(config) for _ in range(config.num_groups)))
