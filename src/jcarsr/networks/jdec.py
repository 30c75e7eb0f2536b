"""JDEC (Han et al. 2024, "JDEC: JPEG Decoding via Enhanced Continuous Cosine Coefficients")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from jcarsr.jpeg.grid import BLOCK
from jcarsr.networks.layers import conv3x3, repeat_to_multiple, start_at_zero
from jcarsr.networks.network import (
    Prediction,
    TableReader,
    check_input,
    check_tables,
    cleaning_facts,
)
from jcarsr.networks.swinv2 import SwinV2Layer
from jcarsr.networks.windows import windows_of
from jcarsr.protocols import NetworkFacts

_PATCH = 4  # pixels of a token's side


@dataclass(frozen=True, kw_only=True)
class JDECConfig:
    """Sizes of a JDEC; the defaults are the authors'.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 256
    """Of the encoder."""
    hidden: int = 512
    """Cosines of a token, and width of the decoder."""
    num_groups: int = 5
    """Residual groups after the first row of layers."""
    num_layers: int = 6
    """Of the first row and of every group."""
    heads: int = 8
    window: int = 7
    """Tokens along a window."""
    interleaved: bool = False
    """Order coefficients as the authors' code does; see JDEC."""
    skip: bool = False
    """Predict what is to be added to the input; not the paper's."""

    def __post_init__(self) -> None:
        for name in ("channels", "hidden", "num_groups", "num_layers", "heads"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)!r}")
        if self.channels % self.heads:
            raise ValueError(f"heads must divide channels, got {self.heads!r}")
        if self.window < 2:
            raise ValueError(f"window must be at least 2, got {self.window!r}")

    @property
    def multiple(self) -> int:
        """Pixels of which a picture's sides must be multiples: whole windows of whole blocks."""
        return math.lcm(2 * BLOCK, _PATCH * self.window)


class ResidualGroup(nn.Module):
    """A row of layers and a convolution, with a skip connection. (N, H, W, C) -> (N, H, W, C)"""

    def __init__(self, config: JDECConfig) -> None:
        super().__init__()
        self.residual_group = _Row(config)
        self.conv = conv3x3(config.channels, config.channels)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(self.residual_group(x).permute(0, 3, 1, 2))
        return x + y.permute(0, 2, 3, 1)


class Encoder(nn.Module):
    """Swin V2 over tokens of DCT coefficients: (N, H / 4, W / 4, 24) -> (N, C, H / 4, W / 4)."""

    def __init__(self, config: JDECConfig) -> None:
        super().__init__()
        c = config.channels
        self.patch_embed = nn.ModuleDict(
            {"projection": nn.Sequential(nn.Linear(24, c)), "norm": nn.LayerNorm(c)}
        )
        # in the authors' files, but not in their equations
        self.patch_embed_deep = nn.ModuleDict({"norm": nn.LayerNorm(c)}).requires_grad_(False)
        self.layers = nn.ModuleList([_Row(config)])
        self.layers_RSTB = nn.ModuleList(ResidualGroup(config) for _ in range(config.num_groups))
        self.norm = nn.LayerNorm(c)
        self.conv_after_body = conv3x3(c, c)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                for bias in [p for name, p in module.named_parameters() if name == "bias"]:
                    nn.init.zeros_(bias)
        for layer in self.layers[0].modules():
            if isinstance(layer, SwinV2Layer):  # each begins as the identity
                for norm in (layer.norm1, layer.norm2):
                    nn.init.zeros_(norm.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.patch_embed["norm"](self.patch_embed["projection"](tokens))
        shallow = deep = self.norm(self.layers[0](x))
        for group in self.layers_RSTB:
            deep = group(deep)
        deep = self.conv_after_body(self.norm(deep).permute(0, 3, 1, 2))
        return deep + shallow.permute(0, 3, 1, 2)


class JDEC(TableReader):
    """Decode a JPEG's coefficients to a picture by learnt cosines instead of the inverse DCT.

    Every token of 4x4 pixels has `hidden` cosines of predicted frequencies, and coefficients that
    the tables scale; an MLP makes colours of their values at each pixel. Parameters are named as
    the authors' are.

    Deviations: the coefficients are those of the decoded picture, not the file's: chroma is halved
    by means of 2x2 pixels, as 4:2:0 has it. Borders are repeated to whole windows, where the
    authors encode a mirrored picture. The authors' code cuts blocks into tokens in an order that
    mixes coefficients of neighbours; `interleaved` does the same, for weights trained so.
    """

    architecture = "jdec"

    def __init__(self, config: JDECConfig) -> None:
        super().__init__(config)
        c, hidden = config.channels, config.hidden
        self.encoder_dct = Encoder(config)
        self.coef = nn.Sequential(conv3x3(c, hidden), nn.ReLU(), conv3x3(hidden, hidden))
        self.freq = nn.Sequential(
            conv3x3(c, 2 * hidden), nn.ReLU(), conv3x3(2 * hidden, 2 * hidden)
        )
        self.qmapp = nn.Conv2d(128, hidden, 1)
        self.dequantizator = _Colours(hidden)
        if config.skip:
            start_at_zero(self.dequantizator.last)

    @property
    def facts(self) -> NetworkFacts:
        """At the peak the cosines' product and a layer of the MLP are held for every pixel."""
        return cleaning_facts(5 * self.config.hidden, reads=("tables",))

    def forward(self, lq: Tensor, tables: Tensor | None = None) -> Prediction:
        """(N, 3, H, W), RGB in [0, 1] -> the same without artifacts."""
        height, width = check_input(lq).shape[2:]
        steps = _normalise(check_tables(lq, tables)).flatten(1)[..., None, None]
        padded = repeat_to_multiple(lq, self.config.multiple)
        features = self.encoder_dct(coefficients(padded, interleaved=self.config.interleaved))
        scaled = self.qmapp(steps.to(features.dtype)) * self.coef(features)
        down, across = self.freq(features).chunk(2, dim=1)
        at = math.pi * (2 * torch.arange(_PATCH, device=lq.device) + 1) / (2 * _PATCH)
        rows = torch.cos(down[:, :, :, None, :, None] * at[:, None, None])
        columns = torch.cos(across[:, :, :, None, :, None] * at)
        waves = (rows * columns * scaled[:, :, :, None, :, None]).flatten(4, 5).flatten(2, 3)
        out = self.dequantizator(waves)[..., :height, :width]
        return Prediction(lq + out if self.config.skip else out + 0.5)


class _Row(nn.Module):
    """Layers whose windows are shifted at every second. (N, H, W, C) -> (N, H, W, C)"""

    def __init__(self, config: JDECConfig) -> None:
        super().__init__()
        c, heads, self.side = config.channels, config.heads, config.window
        self.blocks = nn.ModuleList(
            SwinV2Layer(c, heads, self.side, shifted=index % 2 == 1, ratio=2)
            for index in range(config.num_layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        windows = windows_of(x, self.side)
        for block in self.blocks:
            x = block(x, windows)
        return x


class _Colours(nn.Module):
    """A MLP for every pixel: (N, hidden, H, W) -> (N, 3, H, W)"""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        inner: list[nn.Module] = []
        for _ in range(3):
            inner += [nn.Conv2d(hidden, hidden, 1), nn.ReLU()]
        self.layers = nn.Sequential(*inner, nn.Conv2d(hidden, 3, 1))

    @property
    def last(self) -> nn.Conv2d:
        """The convolution that gives the colours."""
        return cast(nn.Conv2d, self.layers[-1])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def coefficients(rgb: Tensor, *, interleaved: bool = False) -> Tensor:
    """A token's DCT coefficients: 4x4 of Y and 2x2 of each halved chroma plane, normalised.

    (N, 3, H, W), RGB in [0, 1], H and W multiples of 16 -> (N, H / 4, W / 4, 24)

    Args:
        rgb: the decoded picture.
        interleaved: within a coded block, give to the first token every second coefficient of it
            all, as the authors' code does.
    """
    weights = rgb.new_tensor(  # JFIF
        (
            (0.299, 0.587, 0.114),
            (-0.168736, -0.331264, 0.5),
            (0.5, -0.418688, -0.081312),
        )
    )
    planes = torch.einsum("ck,nkhw->nchw", 255 * weights, rgb)
    y = _tokens(planes[:, :1] - 128, _PATCH, interleaved=interleaved)
    chroma = _tokens(avg_pool2d(planes[:, 1:], 2), _PATCH // 2, interleaved=interleaved)
    return _normalise(torch.cat((y, chroma), -1))


def _tokens(planes: Tensor, side: int, *, interleaved: bool) -> Tensor:
    """The DCT of all blocks of `side`: (N, C, H, W) -> (N, H / side, W / side, C * side^2)"""
    count, channels, height, width = planes.shape
    k = torch.arange(side, device=planes.device)
    basis = torch.cos(math.pi * (2 * k + 1) * k[:, None] / (2 * side)) * (2 / side) ** 0.5
    basis[0] *= 0.5**0.5
    cut = planes.reshape(count, channels, height // side, side, width // side, side)
    coded = torch.einsum("ui,vj,nchiwj->nchuwv", basis, basis, cut)
    if interleaved:
        within = BLOCK // side
        coded = coded.reshape(
            count, channels, height // BLOCK, side, within, width // BLOCK, side, within
        )
        coded = coded.permute(0, 1, 2, 4, 3, 5, 7, 6).reshape(cut.shape)
    return coded.permute(0, 2, 4, 1, 3, 5).flatten(3)


def _normalise(values: Tensor) -> Tensor:
    """Coefficients from -1024 to 1016 -> -1 to 1, and tables likewise."""
    return (values + 4) / 1020
