"""RDN (Zhang et al. 2018, "Residual Dense Network for Image Super-Resolution")."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jcarsr.networks.enlarger import EnlargerConfig, EnlargerNetwork
from jcarsr.networks.layers import conv3x3


@dataclass(frozen=True, kw_only=True)
class RDNConfig(EnlargerConfig):
    """Sizes of an RDN; the defaults are those of the JCARSR paper's Table 1 (RDN's section 5.1).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 64
    """G0: of the features between the blocks."""
    num_blocks: int = 16
    """D."""
    num_layers: int = 8
    """C: convolutions in a block."""
    growth: int = 64
    """G: channels that each of them adds."""


class DenseLayer(nn.Module):
    """The input and what a convolution with ReLU makes of it (eq. 5).

    (N, C, H, W) -> (N, C + growth, H, W)
    """

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(conv3x3(channels, growth), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.conv(x)), 1)


class RDB(nn.Module):
    """Residual dense block: dense layers, local feature fusion, + x (section 3.2, Fig. 3).

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, config: RDNConfig) -> None:
        super().__init__()
        c, g = config.channels, config.growth
        self.convs = nn.Sequential(*(DenseLayer(c + i * g, g) for i in range(config.num_layers)))
        self.LFF = nn.Conv2d(c + config.num_layers * g, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.LFF(self.convs(x))


class RDN(EnlargerNetwork):
    """Residual dense blocks, all of whose outputs are fused, then one upsampler (Fig. 2).

    The mean colour is not subtracted. Parameters are named as in EDSR-PyTorch: the authors' own
    code is not in Python.
    """

    architecture = "rdn"

    def __init__(self, config: RDNConfig) -> None:
        super().__init__(config)
        c, g = config.channels, config.growth
        self.sub_mean, self.add_mean = nn.Identity(), nn.Identity()
        self.SFENet1 = conv3x3(3, c)
        self.SFENet2 = conv3x3(c, c)
        self.RDBs = nn.ModuleList(RDB(config) for _ in range(config.num_blocks))
        self.GFF = nn.Sequential(nn.Conv2d(config.num_blocks * c, c, 1), conv3x3(c, c))
        steps: list[nn.Module] = [conv3x3(c, 4 * g), nn.PixelShuffle(2)]
        if config.scale == 4:
            steps += [conv3x3(g, 4 * g), nn.PixelShuffle(2)]
        last = conv3x3(g, 3)
        self.UPNet = nn.Sequential(*steps, last)
        self.start_from_bilinear(last)

    @property
    def floats_per_pixel(self) -> int:
        """What a block holds and the outputs so far, or these twice, or the upsampler's."""
        c, g, blocks = self.config.channels, self.config.growth, self.config.num_blocks
        dense = (blocks + 4) * c + 3 * (c + self.config.num_layers * g)
        return max(dense, (2 * blocks + 4) * c, 3 * self.scale**2 * g + 8 * c)

    def enlarge(self, x: Tensor) -> Tensor:
        first = self.SFENet1(x)
        x = self.SFENet2(first)
        outputs: list[Tensor] = []
        for block in self.RDBs:
            x = block(x)
            outputs.append(x)
        return self.UPNet(first + self.GFF(torch.cat(outputs, 1)))
