"""QGCN (Li et al. 2020, "Learning a Single Model With a Wide Range of Quality Factors")."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from jcarsr.jpeg.grid import BLOCK
from jcarsr.networks.layers import luma, repeat_to_multiple, start_at_zero, with_luma
from jcarsr.networks.network import (
    Prediction,
    TableReader,
    check_input,
    check_tables,
    cleaning_facts,
)
from jcarsr.protocols import NetworkFacts

_GLOBAL_SIDE = 112  # pixels of the picture that the global branch sees


@dataclass(frozen=True, kw_only=True)
class QGCNConfig:
    """Sizes of a QGCN; the defaults are those of the authors' network for colours.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    colour: bool = True
    """False: Y alone is restored, by its own table."""
    global_branch: bool = True
    """False: QCN."""
    channels: int = 64
    num_blocks: int = 64
    """An even number: half of them before the global features come in."""
    global_channels: int = 32
    """Of the global branch's first layers."""
    global_hidden: int = 1024
    """Of its linear layers."""
    skip: bool = False
    """Predict what is to be added to the input; not the paper's."""

    def __post_init__(self) -> None:
        for name in ("channels", "num_blocks", "global_channels", "global_hidden"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)!r}")
        if self.num_blocks % 2:
            raise ValueError(f"num_blocks must be even, got {self.num_blocks!r}")


class ResidualBlock(nn.Module):
    """x + 0.1 * conv(ReLU(conv(x))), without biases. (N, C, H, W) -> (N, C, H, W)"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _conv(channels, channels)
        self.relu = nn.ReLU()
        self.conv2 = _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.1 * self.conv2(self.relu(self.conv1(x)))


class QGCN(TableReader):
    """A residual network at half the size, led by the quantisation tables and a global view.

    The tables are tiled over the picture and join its channels. The global branch sees the picture
    at 112x112. Without it this is QCN, whose single row of blocks has one skip at full size.
    Parameters are named as the authors' are. Borders are repeated to multiples of 8.

    Of tiles of a picture each has a global view of its own. Without `colour`, Cb and Cr of the
    input are kept, and (deviation) in training the loss sees RGB.
    """

    architecture = "qgcn"

    def __init__(self, config: QGCNConfig) -> None:
        super().__init__(config)
        c, colours = config.channels, 3 if config.colour else 1
        read = 5 if config.colour else 2
        self.conv_input = _conv(read, c)
        self.downscale = nn.Sequential(nn.Conv2d(c, c, 4, 2, 1, bias=False), nn.ReLU())
        if config.global_branch:
            g, side = config.global_channels, _GLOBAL_SIDE // 16
            self.conv_global = nn.Sequential(
                *_halve(colours, g), *_halve(g, 2 * g), *_halve(2 * g, 4 * g), *_halve(4 * g, 4 * g)
            )
            self.conv_global_l = nn.Sequential(
                nn.Linear(side**2 * 4 * g, config.global_hidden),
                nn.ReLU(),
                nn.Linear(config.global_hidden, c),
            )
            self.residual1 = _row(c, config.num_blocks // 2)
            self.conv_res_mid = nn.Conv2d(2 * c, c, 3, padding=1)
            self.relu_mid = nn.ReLU()
            self.residual2 = _row(c, config.num_blocks // 2)
        else:
            self.residual = _row(c, config.num_blocks)
        self.conv_mid = _conv(c, c)
        self.upscale = nn.Sequential(nn.Conv2d(c, 4 * c, 3, padding=1), nn.PixelShuffle(2))
        self.conv_output = _conv(c, colours)
        for conv in (module for module in self.modules() if isinstance(module, nn.Conv2d)):
            _start(conv)
        if config.skip:
            start_at_zero(self.conv_output)

    @property
    def facts(self) -> NetworkFacts:
        """At the peak the full-size features of the end are held twice, and the input's."""
        return cleaning_facts(4 * self.config.channels + 16, reads=("tables",))

    def forward(self, lq: Tensor, tables: Tensor | None = None) -> Prediction:
        """(N, 3, H, W), RGB in [0, 1] -> the same without artifacts."""
        colour, skip = self.config.colour, self.config.skip
        height, width = check_input(lq).shape[2:]
        seen = lq if colour else luma(lq)
        steps = check_tables(lq, tables)[:, : 2 if colour else 1]
        out = self._clean(repeat_to_multiple(seen, BLOCK), seen, steps)[..., :height, :width]
        out = seen + out if skip else out
        return Prediction(out if colour else with_luma(lq, out))

    def _clean(self, x: Tensor, seen: Tensor, steps: Tensor) -> Tensor:
        tiled = steps.repeat(1, 1, x.shape[2] // BLOCK, x.shape[3] // BLOCK) / 255
        full = self.conv_input(torch.cat((x, tiled.to(x.dtype)), 1))
        x = self.downscale(full)
        if not self.config.global_branch:
            x = self.upscale(self.conv_mid(self.residual(x)))
            return self.conv_output(x + full)
        x = x + self.residual1(x)
        view = interpolate(seen, (_GLOBAL_SIDE,) * 2, mode="bicubic", antialias=True)
        features = self.conv_global_l(self.conv_global(view).flatten(1))
        everywhere = features[..., None, None].expand(-1, -1, *x.shape[2:])
        x = self.relu_mid(self.conv_res_mid(torch.cat((x, everywhere), 1)))
        x = x + self.residual2(x)
        return self.conv_output(self.upscale(self.conv_mid(x)))


def _conv(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)


def _row(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(count)))


def _halve(in_channels: int, out_channels: int) -> list[nn.Module]:
    """A step of the global branch: (N, C, H, W) -> (N, C', H / 2, W / 2)"""
    return [
        *(nn.Conv2d(in_channels, out_channels, 4, 2, 1), nn.ReLU()),
        *(nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.ReLU()),
    ]


def _start(conv: nn.Conv2d) -> None:
    """The authors' starting values: normal, of a variance of 2 / (kernel area * out channels)."""
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
