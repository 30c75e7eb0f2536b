"""RCAN (Zhang et al. 2018, "Image Super-Resolution Using Very Deep Residual Channel Attention")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import interpolate

from jcarsr.networks.layers import MeanShift, Upsampler, conv3x3
from jcarsr.networks.network import Network, Restored, check_input
from jcarsr.protocols import NetworkFacts


@dataclass(frozen=True, kw_only=True)
class RCANConfig:
    """Sizes of an RCAN; the defaults are those of the JCARSR paper's Table 1 (RCAN's section 4.1).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    scale: Literal[2, 4]
    channels: int = 64
    num_groups: int = 10
    num_blocks: int = 20  # in a group
    reduction: int = 16  # of the channels inside the attention
    skip: bool = False  # add the bilinearly enlarged input, as JCARSR does; not the paper's

    def __post_init__(self) -> None:
        if self.scale not in (2, 4):
            raise ValueError(f"scale must be 2 or 4, got {self.scale!r}")
        for name in ("channels", "num_groups", "num_blocks", "reduction"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)!r}")
        if self.channels % self.reduction:
            raise ValueError(f"reduction must divide channels, got {self.reduction!r}")


class ChannelAttention(nn.Module):
    """Weigh every channel by what its mean and those of the others say (section 3.3, Fig. 3).

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = channels // reduction
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.conv_du = nn.Sequential(
            nn.Conv2d(channels, inner, 1), nn.ReLU(), nn.Conv2d(inner, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.conv_du(self.avg_pool(x))


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


class RCAN(Network):
    """Residual groups within a long skip connection, then one upsampler (Fig. 2).

    Parameters are named as the authors' are. With `skip` the last convolution begins near zero, so
    that training starts from a bilinear enlargement.
    """

    architecture = "rcan"

    def __init__(self, config: RCANConfig) -> None:
        super().__init__(config)
        c = config.channels
        self.skip, self.scale = config.skip, config.scale
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(conv3x3(3, c))
        groups = (ResidualGroup(config) for _ in range(config.num_groups))
        self.body = nn.Sequential(*groups, conv3x3(c, c))
        last = conv3x3(c, 3)
        self.tail = nn.Sequential(Upsampler(c, config.scale), last)
        self.add_mean = MeanShift(1)
        if config.skip:
            nn.init.normal_(last.weight, std=0.01 * c**-0.5)

    @property
    def facts(self) -> NetworkFacts:
        """One output; at the peak the upsampler's features and what it made of them are held."""
        held = self.config.channels * (5 + 2 * self.scale**2)
        return NetworkFacts(scale=self.scale, outputs=("sr",), floats_per_pixel={"sr": held})

    def forward(self, lq: Tensor) -> Restored:
        """(N, 3, H, W), RGB in [0, 1] -> sr (N, 3, scale * H, scale * W)."""
        x = self.head(self.sub_mean(check_input(lq)))
        y = self.tail(x + self.body(x))
        if self.skip:
            return Restored(y + interpolate(lq, scale_factor=self.scale, mode="bilinear"))
        return Restored(self.add_mean(y))
