"""SwinIR (Liang et al. 2021, "SwinIR: Image Restoration Using Swin Transformer")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from jcarsr.networks.layers import conv3x3
from jcarsr.networks.swin_enlarger import SwinConfig, SwinEnlarger, convolve_last
from jcarsr.networks.windows import SwinLayer, Windows, score_floats


@dataclass(frozen=True, kw_only=True)
class SwinIRConfig(SwinConfig):
    """Sizes of a SwinIR; the defaults are those of the JCARSR paper's Table 1 (section 4.1).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    window: int = 8
    num_groups: int = 6
    num_layers: int = 6
    """In a group."""
    mlp_ratio: int = 2
    """Hidden channels of an MLP over channels."""


class RSTB(nn.Module):
    """Residual Swin Transformer block: layers, every other one shifted; convolution, + x (eq. 6).

    (N, H, W, C) -> (N, H, W, C)
    """

    def __init__(self, config: SwinIRConfig, group: int) -> None:
        super().__init__()
        count = config.num_layers
        layers = (
            SwinLayer(
                config.channels,
                config.num_heads,
                config.window,
                shifted=layer % 2 == 1,
                mlp_ratio=config.mlp_ratio,
                drop_path=config.drop_path_at(group * count + layer, config.num_groups * count),
            )
            for layer in range(count)
        )
        self.residual_group = nn.ModuleDict({"blocks": nn.ModuleList(layers)})
        self.conv = conv3x3(config.channels, config.channels)

    def forward(self, x: Tensor, windows: Windows) -> Tensor:
        y = x
        for layer in cast(nn.ModuleList, self.residual_group["blocks"]):
            y = layer(y, windows)
        return x + convolve_last(self.conv, y)


class SwinIR(SwinEnlarger):
    """Residual groups of Swin layers (Fig. 2)."""

    architecture = "swinir"

    def __init__(self, config: SwinIRConfig) -> None:
        super().__init__(config, (RSTB(config, group) for group in range(config.num_groups)))

    @property
    def floats_per_pixel(self) -> int:
        """A layer's scores and its features, or three times those of the upsampler."""
        config = self.config
        layer = score_floats(config.num_heads, config.window) + 12 * config.channels
        return max(layer, 3 * self.scale**2 * config.upsampled + 6 * config.channels)

    def compile_units(self) -> Iterator[nn.Module]:
        """The layers."""
        yield from (module for module in self.modules() if isinstance(module, SwinLayer))
