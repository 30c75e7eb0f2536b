"""The frame that EDSR and RCAN share: what lies before and after their blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from jcarsr.networks.enlarger import EnlargerConfig, EnlargerNetwork
from jcarsr.networks.layers import MeanShift, Upsampler, conv3x3


@dataclass(frozen=True, kw_only=True)
class BlockConfig(EnlargerConfig):
    """Sizes that EDSR and RCAN share.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 64


class BlockEnlarger(EnlargerNetwork):
    """A convolution, blocks and a convolution, + x, an upsampler (EDSR, Fig. 3; RCAN, Fig. 2).

    Parameters are named as the authors' are.

    Args:
        config: the sizes.
        blocks: each of them (N, C, H, W) -> (N, C, H, W); drawn after the first convolution, so
            that its random start comes first.
    """

    def __init__(self, config: BlockConfig, blocks: Iterable[nn.Module]) -> None:
        super().__init__(config)
        c = config.channels
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
