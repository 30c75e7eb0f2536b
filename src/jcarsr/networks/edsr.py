"""EDSR (Lim et al. 2017, "Enhanced Deep Residual Networks for Single Image Super-Resolution")."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from jcarsr.networks.enlarger import EnlargerConfig, EnlargerNetwork
from jcarsr.networks.layers import MeanShift, Upsampler, conv3x3


@dataclass(frozen=True, kw_only=True)
class EDSRConfig(EnlargerConfig):
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


class EDSR(EnlargerNetwork):
    """A row of residual blocks with a long skip connection, then one upsampler (Fig. 3).

    Parameters are named as the authors' are.
    """

    architecture = "edsr"

    def __init__(self, config: EDSRConfig) -> None:
        super().__init__(config)
        c = config.channels
        blocks = (ResBlock(c, config.residual_scale) for _ in range(config.num_blocks))
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(conv3x3(3, c))
        self.body = nn.Sequential(*blocks, conv3x3(c, c))
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
