"""RRDBNet: ESRGAN's generator (Wang et al. 2018), the network of Real-ESRGAN (Wang et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pixel_unshuffle

from jcarsr.networks.enlarger import EnlargerConfig, EnlargerNetwork
from jcarsr.networks.layers import conv3x3, pad_to_multiple

_RESIDUAL = 0.2  # of what a block adds
_SLOPE = 0.2  # of the leaky ReLUs


@dataclass(frozen=True, kw_only=True)
class RRDBNetConfig(EnlargerConfig):
    """Sizes of an RRDBNet; the defaults are those of Real-ESRGAN's x4plus and x2plus.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 64
    num_blocks: int = 23
    growth: int = 32
    """Channels that a convolution of a dense block adds."""


class DenseBlock(nn.Module):
    """Five convolutions, each of all before it; x + 0.2 of the last (ESRGAN, Fig. 4, right).

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(channels, growth)
        self.conv2 = conv3x3(channels + growth, growth)
        self.conv3 = conv3x3(channels + 2 * growth, growth)
        self.conv4 = conv3x3(channels + 3 * growth, growth)
        self.conv5 = conv3x3(channels + 4 * growth, channels)
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            nn.init.kaiming_normal_(conv.weight)
            with torch.no_grad():
                conv.weight.mul_(0.1)  # ESRGAN, section 3.1

    def forward(self, x: Tensor) -> Tensor:
        features = x
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            features = torch.cat((features, leaky_relu(conv(features), _SLOPE)), 1)
        return x + _RESIDUAL * self.conv5(features)


class RRDB(nn.Module):
    """Residual in residual dense block: three dense blocks, x + 0.2 of the last (Fig. 4, left).

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(channels, growth)
        self.rdb2 = DenseBlock(channels, growth)
        self.rdb3 = DenseBlock(channels, growth)

    def forward(self, x: Tensor) -> Tensor:
        return x + _RESIDUAL * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(EnlargerNetwork):
    """Blocks within a long skip connection; nearest neighbour enlargement and convolutions.

    The network enlarges by 4. For 2 it is given squares of 2x2 pixels as 12 channels, as
    Real-ESRGAN's x2plus is. Parameters are named as Real-ESRGAN's are.
    """

    architecture = "rrdbnet"

    def __init__(self, config: RRDBNetConfig) -> None:
        super().__init__(config)
        c = config.channels
        self.unshuffle = 4 // config.scale
        self.sub_mean, self.add_mean = nn.Identity(), nn.Identity()
        self.conv_first = conv3x3(3 * self.unshuffle**2, c)
        self.body = nn.Sequential(*(RRDB(c, config.growth) for _ in range(config.num_blocks)))
        self.conv_body = conv3x3(c, c)
        self.conv_up1 = conv3x3(c, c)
        self.conv_up2 = conv3x3(c, c)
        self.conv_hr = conv3x3(c, c)
        self.conv_last = conv3x3(c, 3)
        self.start_from_bilinear(self.conv_last)

    @property
    def floats_per_pixel(self) -> int:
        """Four times the features of the enlarged picture."""
        return 4 * self.config.channels * self.scale**2 + 8 * self.config.growth

    def enlarge(self, x: Tensor) -> Tensor:
        height, width = x.shape[2] * self.scale, x.shape[3] * self.scale
        if self.unshuffle > 1:
            x = pixel_unshuffle(pad_to_multiple(x, self.unshuffle), self.unshuffle)
        x = self.conv_first(x)
        x = x + self.conv_body(self.body(x))
        for conv in (self.conv_up1, self.conv_up2):
            x = leaky_relu(conv(interpolate(x, scale_factor=2.0, mode="nearest")), _SLOPE)
        return self.conv_last(leaky_relu(self.conv_hr(x), _SLOPE))[:, :, :height, :width]
