"""HMA (Chu et al. 2024, "HMANet: Hybrid Multi-Axis Aggregation Network for Image SR")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import lcm

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention, silu

from jcarsr.networks.layers import conv3x3
from jcarsr.networks.swin_enlarger import SwinConfig, SwinEnlarger, convolve_last
from jcarsr.networks.windows import (
    MLP,
    SwinLayer,
    WindowAttention,
    Windows,
    in_parts,
    merge,
    score_floats,
    within_windows,
)
from jcarsr.protocols import NetworkFacts

_EXPANSION = 6  # of the channels within a fused convolution
_TILE = 320  # side of the inputs for which memory is estimated: it grows with them


@dataclass(frozen=True, kw_only=True)
class HMAConfig(SwinConfig):
    """Sizes of an HMA; the defaults are those of the JCARSR paper's Table 1 (HMA, section 4.1).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    num_groups: int = 6
    num_layers: int = 6
    """In a group."""
    mlp_ratio: int = 2
    """Hidden channels of an MLP over channels."""
    interval: int = 4
    """Pixels between those that form a group of the grid."""
    row_windows: bool = False
    """Cut shifted features into rows as the authors' code does; see GAB."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_heads % 2:
            raise ValueError(f"num_heads must be even, got {self.num_heads!r}")
        if self.channels % (2 * self.num_heads):
            raise ValueError(f"channels must be a multiple of 2 * num_heads, got {self.channels!r}")


class SqueezeExcite(nn.Module):
    """Weigh every channel by what the means of all say. (N, C, H, W) -> (N, C, H, W)"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 2, 1)
        self.fc2 = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(silu(self.fc1(x.mean((2, 3), keepdim=True)))))


class FusedConv(nn.Module):
    """x + 1x1(SE(GELU(LN(3x3(LN x))))), six times as wide inside (Fig. 3).

    (N, H, W, C) -> (N, H, W, C)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = _EXPANSION * channels
        self.pre_norm = nn.LayerNorm(channels)
        self.fused_conv = conv3x3(channels, inner)
        self.norm1 = nn.LayerNorm(inner)
        self.se = SqueezeExcite(inner)
        self.conv3_1x1 = nn.Conv2d(inner, channels, 1)

    def forward(self, x: Tensor, windows: Windows) -> Tensor:
        y = gelu(self.norm1(convolve_last(self.fused_conv, self.pre_norm(x))))
        y = self.conv3_1x1(self.se(y.permute(0, 3, 1, 2))).permute(0, 2, 3, 1)
        return x + y


class FAB(SwinLayer):
    """Fused attention block: a Swin layer whose query, key and value layer lies outside.

    (N, H, W, C) -> (N, H, W, C)
    """

    def __init__(self, config: HMAConfig, *, shifted: bool, drop_path: float) -> None:
        c, heads, side = config.channels, config.num_heads, config.window
        super().__init__(
            c, heads, side, shifted=shifted, mlp_ratio=config.mlp_ratio, drop_path=drop_path
        )
        self.attn = WindowAttention(c, heads, side)
        self.qkv = nn.Linear(c, 3 * c)

    def attend(self, x: Tensor, windows: Windows, masked: bool) -> Tensor:
        """As SwinLayer's."""
        return self.attn(self.qkv(x), windows, masked)


class OffsetBias(nn.Module):
    """What an offset between two pixels adds to their score, for each head: a small MLP of it.

    Deviation: it is at least 4 wide, which the paper's size is. A LayerNorm of one or two numbers
    leaves nothing of them.
    """

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        width = max(channels // 16, 4)
        self.pos_proj = nn.Linear(2, width)
        self.pos1 = nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, width))
        self.pos2 = nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, width))
        self.pos3 = nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, num_heads))

    def forward(self, height: int, width: int) -> Tensor:
        """Biases between the pixels of a group: (heads, T, T), T = height * width row by row."""
        weight = self.pos_proj.weight
        down = torch.arange(1 - height, height, device=weight.device)
        right = torch.arange(1 - width, width, device=weight.device)
        offsets = torch.stack(torch.meshgrid(down, right, indexing="ij"), -1).to(weight.dtype)
        biases = self.pos3(self.pos2(self.pos1(self.pos_proj(offsets)))).permute(2, 0, 1)
        rows, columns = (
            torch.arange(n, device=weight.device)[:, None]
            - torch.arange(n, device=weight.device)[None, :]
            + (n - 1)
            for n in (height, width)
        )
        biases = biases[:, rows][..., columns]  # (heads, height, height, width, width)
        return biases.transpose(2, 3).reshape(-1, height * width, height * width)


class OffsetAttention(nn.Module):
    """Attention with a bias of the pixels' offset.

    3 x (N, groups, heads, T, C / heads) -> (N, groups, heads, T, C / heads)
    """

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        self.pos = OffsetBias(channels, num_heads)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, height: int, width: int) -> Tensor:
        bias = self.pos(height, width)
        groups = [
            scaled_dot_product_attention(*each, attn_mask=bias[None])
            for each in zip(query.unbind(1), key.unbind(1), value.unbind(1), strict=True)
        ]  # one after the other: together their scores would be interval^2 times as large
        return torch.stack(groups, 1)


class GridAttention(nn.Module):
    """Attention between pixels an interval apart, by way of a third set of features (section 3.3).

    (N, H, W, 3 * C): query, key, value; (N, H, W, C): the grid's features -> (N, H, W, C)
    """

    def __init__(self, channels: int, num_heads: int, interval: int) -> None:
        super().__init__()
        self.num_heads, self.interval = num_heads, interval
        self.attn_transform1 = OffsetAttention(channels, num_heads)
        self.attn_transform2 = OffsetAttention(channels, num_heads)

    def forward(self, qkv: Tensor, grid: Tensor) -> Tensor:
        n, height, width, channels = grid.shape
        step, rows, columns = self.interval, height // self.interval, width // self.interval
        query, key, value = (self._groups(part) for part in qkv.chunk(3, -1))
        g = self._groups(grid)
        mixed = self.attn_transform1(g, key, value, rows, columns)
        mixed = self.attn_transform2(query, g, mixed, rows, columns)
        mixed = mixed.view(n, step, step, self.num_heads, rows, columns, channels // self.num_heads)
        return mixed.permute(0, 4, 1, 5, 2, 3, 6).reshape(n, height, width, channels)

    def _groups(self, x: Tensor) -> Tensor:
        """(N, H, W, C) -> (N, interval^2, heads, T, C / heads)."""
        n, height, width, channels = x.shape
        step, rows, columns = self.interval, height // self.interval, width // self.interval
        x = x.view(n, rows, step, columns, step, self.num_heads, channels // self.num_heads)
        x = x.permute(0, 2, 4, 5, 1, 3, 6)
        return x.reshape(n, step**2, self.num_heads, rows * columns, channels // self.num_heads)


class GAB(nn.Module):
    """Grid attention block: half the channels within windows, half across the grid (Fig. 4).

    (N, H, W, C) -> (N, H, W, C)

    Deviation: the second window attention is of shifted windows, as the paper draws it. The
    authors' code cuts the shifted features into rows of pixels there; `row_windows` does the same,
    for weights trained so, as the presets of the paper's size do.
    """

    def __init__(self, config: HMAConfig) -> None:
        super().__init__()
        c, heads = config.channels, config.num_heads // 2
        self.row_windows = config.row_windows
        self.qkv = nn.Linear(c, 3 * c)
        self.grid_proj = nn.Linear(c, c // 2)
        self.grid_attn = GridAttention(c // 2, heads, config.interval)
        self.window_attn = WindowAttention(c // 4, heads, config.window)
        self.window_attn_s = WindowAttention(c // 4, heads, config.window)
        self.fc = nn.Linear(c, c)
        self.norm1 = nn.LayerNorm(c)
        self.mlp = MLP(c, config.mlp_ratio * c)
        self.norm2 = nn.LayerNorm(c)

    def forward(self, x: Tensor, windows: Windows) -> Tensor:
        quarter = 3 * x.shape[3] // 4
        plain, shifted, across = self.qkv(x).split((quarter, quarter, 2 * quarter), -1)
        parts = (
            within_windows(plain, windows, False, self.window_attn),
            self._shifted(shifted, windows),
            self.grid_attn(across, self.grid_proj(x)),
        )
        x = x + self.norm1(self.fc(torch.cat(parts, -1)))
        return x + self.norm2(self.mlp(x))

    def _shifted(self, x: Tensor, windows: Windows) -> Tensor:
        """(N, H, W, 3 * C / 4) -> (N, H, W, C / 4)"""
        if self.row_windows:
            return _within_rows(x, windows, self.window_attn_s)
        return within_windows(x, windows, True, self.window_attn_s)


def _within_rows(
    x: Tensor, windows: Windows, attend: Callable[[Tensor, Windows, bool], Tensor]
) -> Tensor:
    """(N, H, W, C) -> (N, H, W, C'): as `within_windows`, shifted, in the authors' code.

    A window is of the side^2 pixels that follow in reading order, its results go where a square
    one's would; then pixels in reading order and channels are shifted back, not rows and columns.
    """
    n, height, width, channels = x.shape
    half = windows.side // 2
    rows = torch.roll(x, (-half, -half), (1, 2)).reshape(n, -1, windows.side**2, channels)
    mixed = merge(in_parts(rows, windows, True, attend), windows.side, height, width)
    mixed = torch.roll(mixed.flatten(1, 2), (half, half), (1, 2))
    return mixed.view(n, height, width, mixed.shape[2])


class Layers(nn.Module):
    """Fused convolutions and fused attention blocks in turn, then a weighed GAB.

    (N, H, W, C) -> (N, H, W, C)
    """

    def __init__(self, config: HMAConfig, group: int) -> None:
        super().__init__()
        count = config.num_layers
        blocks: list[nn.Module] = []
        for layer in range(count):
            if layer % 2 == 0:
                blocks.append(FusedConv(config.channels))
            share = config.drop_path_at(group * count + layer, config.num_groups * count)
            blocks.append(FAB(config, shifted=layer % 2 == 1, drop_path=share))
        self.blocks = nn.ModuleList(blocks)
        self.gab = GAB(config)
        self.scale = nn.Parameter(nn.init.trunc_normal_(torch.empty(config.channels), std=0.02))

    def forward(self, x: Tensor, windows: Windows) -> Tensor:
        for block in self.blocks:
            x = block(x, windows)
        return x + self.scale * self.gab(x, windows)


class RHTB(nn.Module):
    """Residual hybrid transformer block: layers, a convolution, + x (Fig. 2).

    (N, H, W, C) -> (N, H, W, C)
    """

    def __init__(self, config: HMAConfig, group: int) -> None:
        super().__init__()
        self.residual_group = Layers(config, group)
        self.conv = conv3x3(config.channels, config.channels)

    def forward(self, x: Tensor, windows: Windows) -> Tensor:
        return x + convolve_last(self.conv, self.residual_group(x, windows))


class HMA(SwinEnlarger):
    """Residual hybrid transformer blocks in SwinIR's frame (Fig. 2)."""

    architecture = "hma"

    def __init__(self, config: HMAConfig) -> None:
        super().__init__(config, (RHTB(config, group) for group in range(config.num_groups)))

    @property
    def side(self) -> int:
        """Whole windows, and whole steps of the grid."""
        return lcm(self.config.window, self.config.interval)

    @property
    def floats_per_pixel(self) -> int:
        """Scores of windows, and of one group of the grid in a tile, and the widest features.

        The grid's scores are the square of the tile's pixels: larger ones take more.
        """
        config = self.config
        grid = config.num_heads // 2 * _TILE**2 // config.interval**4
        scores = score_floats(config.num_heads, config.window)
        layer = scores + 5 * _EXPANSION * config.channels
        return 6 * grid + max(layer, 3 * self.scale**2 * config.upsampled + 6 * config.channels)

    @property
    def facts(self) -> NetworkFacts:
        """One output, and the tile for which its memory is estimated."""
        return replace(super().facts, largest_tile=_TILE)

    def compile_units(self) -> Iterator[nn.Module]:
        """The layers."""
        yield from (
            module for module in self.modules() if isinstance(module, FusedConv | FAB | GAB)
        )
