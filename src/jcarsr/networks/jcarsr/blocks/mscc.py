"""MSCCB and its group MSCCG: multi-scale cross convolution (paper Fig. 5, eq. 12-16)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jcarsr.networks.jcarsr.blocks.ma import MA
from jcarsr.networks.layers import conv3x3


class CrossConv(nn.Module):
    """A 1xk and a kx1 convolution side by side, summed (paper Fig. 5, bottom).

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        reach = kernel // 2
        self.horizontal = nn.Conv2d(channels, channels, (1, kernel), padding=(0, reach))
        self.vertical = nn.Conv2d(channels, channels, (kernel, 1), padding=(reach, 0))

    def forward(self, x: Tensor) -> Tensor:
        return self.horizontal(x) + self.vertical(x)


class MultiScaleCross(nn.Module):
    """Cross convolutions of reach 3 and 5 side by side, then a 1x1 convolution of both.

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cross3 = CrossConv(channels, 3)
        self.cross5 = CrossConv(channels, 5)
        self.merge = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.merge(torch.cat((self.cross3(x), self.cross5(x)), 1))


class MSCCB(nn.Module):
    """Multi-scale cross-convolution block (paper Fig. 5, bottom): two stages, GELU between, + x.

    The paper does not print the block's inside. Two stages fit its parameter count; the GELU and
    the skip connection, which have no parameters, are our choice.
    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stages = nn.Sequential(MultiScaleCross(channels), nn.GELU(), MultiScaleCross(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.stages(x)


class MSCCG(nn.Module):
    """Multi-scale cross-convolution group (paper Fig. 5, eq. 12-16).

    The channels are split into quarters; quarter i passes i MSCCBs (eq. 12-15). Three blocks of
    3/4, 2/4 and 1/4 of the channels do this, a quarter leaving after each, as in Cross-SRN
    (arXiv 2201.01458). Then conv3x3, GELU, conv3x3, MA, and + x (eq. 16).
    (N, C, H, W) -> (N, C, H, W)

    Args:
        channels: C, a multiple of 4.
        cross: with the MSCCBs; without them the features are refined as they are (Table 5).
        attention: with MA (Table 5).
    """

    def __init__(self, channels: int, *, cross: bool = True, attention: bool = True) -> None:
        super().__init__()
        self.quarter = channels // 4
        self.blocks = nn.ModuleList(MSCCB(n * self.quarter) for n in (3, 2, 1) if cross)
        self.refine = nn.Sequential(
            conv3x3(channels, channels),
            nn.GELU(),
            conv3x3(channels, channels),
            MA(channels) if attention else nn.Identity(),
        )

    def forward(self, x: Tensor) -> Tensor:
        if not self.blocks:
            return x + self.refine(x)
        done, rest = x[:, : self.quarter], x[:, self.quarter :]
        quarters = [done]
        for block in self.blocks:
            rest = block(rest)
            quarters.append(rest[:, : self.quarter])
            rest = rest[:, self.quarter :]
        return x + self.refine(torch.cat(quarters, 1))
