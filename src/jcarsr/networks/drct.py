"""DRCT (Hsu et al. 2024, "Saving Image Super-Resolution away from Information Bottleneck")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from jcarsr.networks.swin_enlarger import SwinConfig, SwinEnlarger, convolve_last
from jcarsr.networks.windows import SwinLayer, Windows, score_floats

_RESIDUAL = 0.2  # of what a group adds
_SLOPE = 0.2  # of the leaky ReLUs
_LAYERS = 5  # in a group
_SHIFTED = (False, True, False, True, False)
_MLP_RATIOS = (2, 2, 2, 1, 1)
_COUNTED = 6  # layers of a group for the shares of left out residuals, as the authors count


@dataclass(frozen=True, kw_only=True)
class DRCTConfig(SwinConfig):
    """Sizes of a DRCT; the defaults are those of the JCARSR paper's Table 1 (DRCT, section 4.2).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    num_groups: int = 6
    growth: int = 32
    """Channels that a layer adds."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for width, heads in self.layers:
            if width % heads:
                raise ValueError(
                    f"growth must leave {heads} heads of {width} channels, got {self.growth!r}"
                )

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Channels and heads of each layer in a group: heads less what they leave as a rest."""
        widths = [self.channels + i * self.growth for i in range(_LAYERS)]
        return [(width, self.num_heads - width % self.num_heads) for width in widths]


class RDG(nn.Module):
    """Residual dense group: Swin layers, each of all before it; x + 0.2 of the last (Fig. 4).

    (N, H, W, C) -> (N, H, W, C)
    """

    def __init__(self, config: DRCTConfig, group: int) -> None:
        super().__init__()
        share = config.drop_path_at(group * _COUNTED, config.num_groups * _COUNTED)
        for layer, (width, heads) in enumerate(config.layers):
            swin = SwinLayer(
                width,
                heads,
                config.window,
                shifted=_SHIFTED[layer],
                mlp_ratio=_MLP_RATIOS[layer],
                drop_path=share,
            )
            out = config.channels if layer == _LAYERS - 1 else config.growth
            self.add_module(f"swin{layer + 1}", swin)  # the authors' names
            self.add_module(f"adjust{layer + 1}", nn.Conv2d(width, out, 1))

    def forward(self, x: Tensor, windows: Windows) -> Tensor:
        features, y = x, x
        for layer in range(1, _LAYERS + 1):
            y = self.get_submodule(f"swin{layer}")(features, windows)
            y = convolve_last(self.get_submodule(f"adjust{layer}"), y)
            if layer < _LAYERS:
                features = torch.cat((features, leaky_relu(y, _SLOPE)), -1)
        return x + _RESIDUAL * y


class DRCT(SwinEnlarger):
    """Dense groups of Swin layers in SwinIR's frame (Fig. 4)."""

    architecture = "drct"

    def __init__(self, config: DRCTConfig) -> None:
        super().__init__(config, (RDG(config, group) for group in range(config.num_groups)))

    @property
    def floats_per_pixel(self) -> int:
        """A layer's scores and its features, or three times those of the upsampler."""
        config = self.config
        scores = score_floats(max(heads for _, heads in config.layers), config.window)
        layer = scores + 12 * config.layers[-1][0]
        return max(layer, 3 * self.scale**2 * config.upsampled + 6 * config.channels)

    def compile_units(self) -> Iterator[nn.Module]:
        """The groups: their layers are all different."""
        yield from self.layers
