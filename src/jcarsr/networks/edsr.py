"""EDSR (Lim et al. 2017, "Enhanced Deep Residual Networks for Single Image Super-Resolution")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import interpolate

from jcarsr.networks.layers import MeanShift, Upsampler, conv3x3
from jcarsr.networks.network import Network, Restored, check_input
from jcarsr.protocols import NetworkFacts


@dataclass(frozen=True, kw_only=True)
class EDSRConfig:
    """Sizes of an EDSR; the defaults are those of the JCARSR paper's Table 1 (EDSR's section 3.3).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    scale: Literal[2, 4]
    channels: int = 256
    num_blocks: int = 32
    residual_scale: float = 0.1  # of what a block adds; 0.1 steadies wide networks
    skip: bool = False  # add the bilinearly enlarged input, as JCARSR does; not the paper's

    def __post_init__(self) -> None:
        if self.scale not in (2, 4):
            raise ValueError(f"scale must be 2 or 4, got {self.scale!r}")
        for name in ("channels", "num_blocks", "residual_scale"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)!r}")


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


class EDSR(Network):
    """A row of residual blocks with a long skip connection, then one upsampler (Fig. 3).

    Parameters are named as the authors' are. With `skip` the last convolution begins near zero, so
    that training starts from a bilinear enlargement.
    """

    architecture = "edsr"

    def __init__(self, config: EDSRConfig) -> None:
        super().__init__(config)
        c = config.channels
        blocks = (ResBlock(c, config.residual_scale) for _ in range(config.num_blocks))
        self.skip, self.scale = config.skip, config.scale
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(conv3x3(3, c))
        self.body = nn.Sequential(*blocks, conv3x3(c, c))
        last = conv3x3(c, 3)
        self.tail = nn.Sequential(Upsampler(c, config.scale), last)
        self.add_mean = MeanShift(1)
        if config.skip:
            nn.init.normal_(last.weight, std=0.01 * c**-0.5)

    @property
    def facts(self) -> NetworkFacts:
        """One output; at the peak the upsampler's features and what it made of them are held."""
        held = self.config.channels * (4 + 2 * self.scale**2)
        return NetworkFacts(scale=self.scale, outputs=("sr",), floats_per_pixel={"sr": held})

    def forward(self, lq: Tensor) -> Restored:
        """(N, 3, H, W), RGB in [0, 1] -> sr (N, 3, scale * H, scale * W)."""
        x = self.head(self.sub_mean(check_input(lq)))
        y = self.tail(x + self.body(x))
        if self.skip:
            return Restored(y + interpolate(lq, scale_factor=self.scale, mode="bilinear"))
        return Restored(self.add_mean(y))
