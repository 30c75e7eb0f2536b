"""MSNAFB and its group MSNAFG: multi-scale, nonlinear activation free (paper Fig. 3, eq. 1-7)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu

from jcarsr.networks.jcarsr.blocks.ma import MA
from jcarsr.networks.jcarsr.config import Block
from jcarsr.networks.layers import LayerNorm2d, conv3x3


class MSNAFB(nn.Module):
    """Multi-scale nonlinear activation free block (paper Fig. 3).

        x -- LN --+-- conv3x3 --+
                  |             * -- MA -- conv1x1 -- (+ x)
                  +-- conv5x5 --+

    The product is SimpleGate (eq. 4, 5; from NAFNet, Chen et al. 2022).
    (N, C, H, W) -> (N, C, H, W)

    Deviation: the last convolution starts at a tenth of its usual size, so that a deep stack is
    nearly the identity at first and stands the learning rate of the `short` recipe.

    Args:
        channels: C.
        attention: with MA; without it (Table 5) the gated features are projected as they are.
    """

    def __init__(self, channels: int, *, attention: bool = True) -> None:
        super().__init__()
        self.norm = LayerNorm2d(channels)
        self.conv3 = conv3x3(channels, channels)
        self.conv5 = nn.Conv2d(channels, channels, 5, padding=2)
        self.attention = MA(channels) if attention else nn.Identity()
        self.project = nn.Conv2d(channels, channels, 1)
        nn.init.normal_(self.project.weight, std=0.1 * channels**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)  # eq. 1
        y = self.conv3(y) * self.conv5(y)  # eq. 2-5
        y = self.attention(y)  # eq. 6
        return x + self.project(y)  # eq. 7


class ResidualBlock(nn.Module):
    """EDSR's block, in place of a MSNAFB in the ablation of Table 5: x + conv(ReLU(conv(x))).

    Deviation: "w/o MSNAFB" cannot be their plain removal, which leaves an SR branch of two
    convolutions; the paper, which loses 0.13 dB by it, does not say what takes their place.
    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(channels, channels)
        self.conv2 = conv3x3(channels, channels)
        nn.init.normal_(self.conv2.weight, std=0.1 * (9 * channels) ** -0.5)  # as MSNAFB.project

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(relu(self.conv1(x)))


class MSNAFG(nn.Module):
    """A row of MSNAFBs and a skip connection around them (section 2.2).

    (N, C, H, W) -> (N, C, H, W)

    Args:
        channels: C.
        num_blocks: how many.
        block: what they are; residual ones are the ablation's.
        attention: whether MSNAFBs have MA.
    """

    def __init__(
        self,
        channels: int,
        num_blocks: int,
        *,
        block: Block = "msnaf",
        attention: bool = True,
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                MSNAFB(channels, attention=attention)
                if block == "msnaf"
                else ResidualBlock(channels)
                for _ in range(num_blocks)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.blocks(x)
