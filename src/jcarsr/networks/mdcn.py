"""MDCN (Li et al. 2020, "MDCN: Multi-scale Dense Cross Network for Image Super-Resolution")."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from jcarsr.networks.enlarger import EnlargerConfig, EnlargerNetwork
from jcarsr.networks.layers import ChannelAttention, MeanShift, Upsampler, conv3x3


@dataclass(frozen=True, kw_only=True)
class MDCNConfig(EnlargerConfig):
    """Sizes of an MDCN; the defaults are those of the JCARSR paper's Table 1.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 128
    inner_channels: int = 96
    """Of a block's second convolutions, and of what all blocks give."""
    num_blocks: int = 12
    reduction: int = 16
    """Of the inner channels inside the attention."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_blocks < 2:
            raise ValueError(f"num_blocks must be at least 2, got {self.num_blocks!r}")
        if self.inner_channels % self.reduction:
            raise ValueError(f"reduction must divide inner_channels, got {self.reduction!r}")


def _conv5x5(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 5, padding=2)


class MDCB(nn.Module):
    """Multi-scale dense cross block: two rounds of 3x3 and 5x5 side by side, of all before; + x.

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.conv_3_1 = conv3x3(channels, channels)
        self.conv_3_2 = conv3x3(inner, inner)
        self.conv_5_1 = _conv5x5(channels)
        self.conv_5_2 = _conv5x5(inner)
        self.confusion_3 = nn.Conv2d(3 * channels, inner, 1)
        self.confusion_5 = nn.Conv2d(3 * channels, inner, 1)
        self.confusion_bottle = nn.Conv2d(3 * channels + 2 * inner, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        first = torch.cat((x, relu(self.conv_3_1(x)), relu(self.conv_5_1(x))), 1)
        second3 = relu(self.conv_3_2(self.confusion_3(first)))
        second5 = relu(self.conv_5_2(self.confusion_5(first)))
        return x + self.confusion_bottle(torch.cat((first, second3, second5), 1))


class Distillation(nn.Module):
    """Hierarchical feature distillation: of all blocks' outputs, weighed by channel attention.

    (N, blocks * C, H, W) -> (N, C, H, W)
    """

    def __init__(self, config: MDCNConfig) -> None:
        super().__init__()
        c, inner = config.channels, config.inner_channels
        self.fushion_down = nn.Conv2d((config.num_blocks - 1) * c, inner, 1)  # the authors' names
        self.channel_attention = ChannelAttention(inner, config.reduction)
        self.fushion_up = nn.Conv2d(inner, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.fushion_up(self.channel_attention(self.fushion_down(x)))


class MDCN(EnlargerNetwork):
    """Dense cross blocks, the distillation of all but the last, then one upsampler without bias.

    The bias is inferred from the count that the JCARSR paper prints; the authors train one network
    with an upsampler for each scale, of which this one has one. Parameters are named as theirs.
    """

    architecture = "mdcn"

    def __init__(self, config: MDCNConfig) -> None:
        super().__init__(config)
        c = config.channels
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(conv3x3(3, c))
        blocks = (MDCB(c, config.inner_channels) for _ in range(config.num_blocks))
        self.body = nn.ModuleList(blocks)
        self.dist = nn.Sequential(Distillation(config))
        self.transform = nn.Sequential(conv3x3(c, c))
        self.upsample = nn.ModuleList([Upsampler(c, config.scale, bias=False)])
        last = conv3x3(c, 3)
        self.rebult = nn.Sequential(last)
        self.add_mean = MeanShift(1)
        self.start_from_bilinear(last)

    @property
    def floats_per_pixel(self) -> int:
        """What a block holds and the outputs so far, or these twice, or the upsampler's."""
        c, blocks = self.config.channels, self.config.num_blocks
        block = (blocks + 16) * c + 8 * self.config.inner_channels
        return max(block, (2 * blocks + 4) * c, (16 + 2 * self.scale**2) * c)

    def enlarge(self, x: Tensor) -> Tensor:
        first = x = self.head(x)
        outputs: list[Tensor] = []
        for block in self.body:
            x = block(x)
            outputs.append(x)
        distilled = self.dist(torch.cat(outputs[:-1], 1))
        return self.rebult(self.upsample[0](self.transform(first + distilled + x)))
