"""EDSR (Lim et al. 2017, "Enhanced Deep Residual Networks for Single Image Super-Resolution")."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from jcarsr.networks.block_enlarger import BlockConfig, BlockEnlarger
from jcarsr.networks.layers import conv3x3


@dataclass(frozen=True, kw_only=True)
class EDSRConfig(BlockConfig):
    """Sizes of an EDSR; the defaults are those of the JCARSR paper's Table 1 (EDSR's section 3.3).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 256
    num_blocks: int = 32
    residual_scale: float = 0.1
    """Of what a block adds; 0.1 steadies wide networks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.residual_scale > 0:
            raise ValueError(f"residual_scale must be positive, got {self.residual_scale!r}")


class ResBlock(nn.Module):
    """x + residual_scale * conv(ReLU(conv(x))), without normalisation (Fig. 2c).

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int, residual_scale: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv3x3(channels, channels), nn.ReLU(), conv3x3(channels, channels)
        )
        self.residual_scale = residual_scale

    def forward(self, x: Tensor) -> Tensor:
        return x + self.residual_scale * self.body(x)


class EDSR(BlockEnlarger):
    """A row of residual blocks with a long skip connection, then one upsampler (Fig. 3)."""

    architecture = "edsr"

    def __init__(self, config: EDSRConfig) -> None:
        c, count = config.channels, config.num_blocks
        super().__init__(config, (ResBlock(c, config.residual_scale) for _ in range(count)))
