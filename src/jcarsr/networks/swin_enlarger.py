"""The frame that SwinIR, DRCT and HMA share: what lies before and after their groups of layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from jcarsr.networks.enlarger import EnlargerConfig, EnlargerNetwork
from jcarsr.networks.layers import FixedShift, Upsampler, conv3x3, pad_to_multiple
from jcarsr.networks.windows import windows_of

UPSAMPLED = 64
"""Channels of the upsampler."""


@dataclass(frozen=True, kw_only=True)
class SwinConfig(EnlargerConfig):
    """Sizes that SwinIR, DRCT and HMA share.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 180
    num_heads: int = 6
    window: int = 16
    """Side in pixels."""
    upsampled: int = UPSAMPLED
    """Channels of the upsampler."""
    drop_path: float = 0.1
    """Share of the last layer's residuals left out in training, 0 at first."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.channels % self.num_heads:
            raise ValueError(f"num_heads must divide channels, got {self.num_heads!r}")
        if self.window % 2:
            raise ValueError(f"window must be even, got {self.window!r}")
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"drop_path must be in [0, 1), got {self.drop_path!r}")

    def drop_path_at(self, layer: int, layers: int) -> float:
        """Share of the residuals of a layer, of so many, that is left out in training."""
        return self.drop_path * layer / max(layers - 1, 1)


class SwinEnlarger(EnlargerNetwork):
    """A convolution, groups of layers on pixels, a convolution, + x, an upsampler (SwinIR, Fig. 2).

    Inputs of any size are mirrored up to whole windows; the surplus is cut off. Parameters are
    named as the authors' are.

    Args:
        config: the sizes.
        groups: each of them (N, H, W, C), Windows -> (N, H, W, C).
    """

    def __init__(self, config: SwinConfig, groups: Iterable[nn.Module]) -> None:
        super().__init__(config)
        c, up = config.channels, config.upsampled
        self.sub_mean, self.add_mean = FixedShift(-1), FixedShift(1)
        self.conv_first = conv3x3(3, c)
        self.patch_embed = nn.ModuleDict({"norm": nn.LayerNorm(c)})
        self.layers = nn.ModuleList(groups)
        self.norm = nn.LayerNorm(c)
        self.conv_after_body = conv3x3(c, c)
        self.conv_before_upsample = nn.Sequential(conv3x3(c, up), nn.LeakyReLU())
        self.upsample = Upsampler(up, config.scale)
        self.conv_last = conv3x3(up, 3)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        self.start_from_bilinear(self.conv_last)

    @property
    def side(self) -> int:
        """The sides of the features are multiples of it."""
        return self.config.window

    def enlarge(self, x: Tensor) -> Tensor:
        height, width = x.shape[2] * self.scale, x.shape[3] * self.scale
        first = self.conv_first(pad_to_multiple(x, self.side))
        x = self.patch_embed["norm"](first.permute(0, 2, 3, 1))
        windows = windows_of(x, self.config.window)
        for group in self.layers:
            x = group(x, windows)
        x = first + self.conv_after_body(self.norm(x).permute(0, 3, 1, 2))
        return self.conv_last(self.upsample(self.conv_before_upsample(x)))[:, :, :height, :width]


def convolve_last(conv: nn.Module, x: Tensor) -> Tensor:
    """Convolve features whose channels come last. (N, H, W, C) -> (N, H, W, C')"""
    return conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
