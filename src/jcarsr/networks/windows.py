"""Self-attention within windows (Swin Transformer, Liu et al. 2021), as SwinIR's kin share it.

Features are (N, H, W, C) here, and H and W are multiples of the windows' side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

_OTHER_REGION = -100.0  # added to the score of two pixels that a shift has brought together
_CPU_PAIRS, _GPU_PAIRS = 2**18, 2**22  # whose scores are held at once: few enough for a cache
_SMALLEST_TILE = 320**2  # pixels of the inputs for which memory is estimated


class Windows(NamedTuple):
    """What all layers need to know of windows in features of one size; T = side^2 pixels."""

    side: int
    relative: Tensor
    """(T * T,): row of the table of relative positions for each pair of pixels."""
    mask: Tensor
    """(windows, 1, T, T): 0, or what keeps pixels apart after a shift by side // 2."""


def windows_of(x: Tensor, side: int) -> Windows:
    """The windows of features (N, H, W, C)."""
    height, width = x.shape[1:3]
    row, column = (torch.arange(side**2, device=x.device) // d % side for d in (side, 1))
    down, right = (place[:, None] - place[None, :] + side - 1 for place in (row, column))
    regions = 3 * _regions(height, side, x)[:, None] + _regions(width, side, x)[None, :]
    parts = partition(regions[None, :, :, None], side)[0, :, :, 0]  # (windows, T)
    apart = parts[:, None, :, None] != parts[:, None, None, :]
    relative = (down * (2 * side - 1) + right).flatten()
    return Windows(side, relative, apart.to(x.dtype) * _OTHER_REGION)


def _regions(length: int, side: int, x: Tensor) -> Tensor:
    """Of each line after the shift: 0, or 1 and 2 in the last window for the old and new lines."""
    place = torch.arange(length, device=x.device)
    return (place >= length - side).to(torch.int64) + (place >= length - side // 2).to(torch.int64)


def partition(x: Tensor, side: int) -> Tensor:
    """(N, H, W, C) -> (N, windows, side^2, C), windows and pixels row by row."""
    n, height, width, channels = x.shape
    rows, columns = height // side, width // side
    x = x.view(n, rows, side, columns, side, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, rows * columns, side**2, channels)


def merge(windows: Tensor, side: int, height: int, width: int) -> Tensor:
    """(N, windows, side^2, C) -> (N, H, W, C): undo `partition`."""
    n, channels = windows.shape[0], windows.shape[3]
    rows, columns = height // side, width // side
    x = windows.view(n, rows, columns, side, side, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, height, width, channels)


def within_windows(
    x: Tensor, windows: Windows, shifted: bool, attend: Callable[[Tensor, Windows, bool], Tensor]
) -> Tensor:
    """(N, H, W, C) -> (N, H, W, C'): `attend` on each window, of features shifted by half a side.

    Args:
        x: the features.
        windows: those of x.
        shifted: whether to shift; what leaves at the top and left comes in at the bottom and right.
        attend: as for `in_parts`.
    """
    height, width = x.shape[1:3]
    half = windows.side // 2
    if shifted:
        x = torch.roll(x, (-half, -half), (1, 2))
    x = in_parts(partition(x, windows.side), windows, shifted, attend)
    x = merge(x, windows.side, height, width)
    return torch.roll(x, (half, half), (1, 2)) if shifted else x


def in_parts(
    x: Tensor, windows: Windows, masked: bool, attend: Callable[[Tensor, Windows, bool], Tensor]
) -> Tensor:
    """Call `attend` on all windows; without gradients on some at a time, which takes less memory.

    Args:
        x: (N, windows, side^2, C).
        windows: those of x.
        masked: whether the mask is to be used.
        attend: (N, some windows, side^2, C) -> (N, some windows, side^2, C'), each of them by
            itself; it is given their `Windows` and `masked`.
    """
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return attend(x, windows, masked)
    pairs = _CPU_PAIRS if x.device.type == "cpu" else _GPU_PAIRS
    some = max(pairs // (x.shape[0] * x.shape[2] ** 2), 1)
    parts = zip(torch.split(x, some, 1), torch.split(windows.mask, some), strict=True)
    return torch.cat([attend(part, windows._replace(mask=m), masked) for part, m in parts], 1)


def score_floats(num_heads: int, side: int) -> int:
    """Float32 values that scores within windows take for an input pixel, without gradients."""
    return 4 * num_heads * min(side**2, _GPU_PAIRS // _SMALLEST_TILE)


class WindowAttention(nn.Module):
    """Attention of several heads with a bias for each relative position, and a projection.

    (N, windows, T, 3 * C): query, key and value -> (N, windows, T, C)
    """

    def __init__(self, channels: int, num_heads: int, side: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.relative_position_bias_table = nn.Parameter(
            nn.init.trunc_normal_(torch.empty((2 * side - 1) ** 2, num_heads), std=0.02)
        )
        self.proj = nn.Linear(channels, channels)

    def forward(self, qkv: Tensor, windows: Windows, masked: bool) -> Tensor:
        n, count, pixels, channels = qkv.shape
        channels, heads = channels // 3, self.num_heads
        qkv = qkv.view(n, count, pixels, 3, heads, channels // heads)
        query, key, value = qkv.permute(3, 0, 1, 4, 2, 5)  # (N, windows, heads, T, C / heads) each
        bias = self.relative_position_bias_table[windows.relative]
        bias = bias.view(pixels, pixels, heads).permute(2, 0, 1)
        score = (query * (channels // heads) ** -0.5) @ key.transpose(-2, -1) + bias
        if masked:
            score = score + windows.mask
        mixed = score.softmax(-1) @ value
        return self.proj(mixed.transpose(2, 3).reshape(n, count, pixels, channels))


class SelfAttention(WindowAttention):
    """The same with the layer that makes query, key and value.

    (N, windows, T, C) -> (N, windows, T, C)
    """

    def __init__(self, channels: int, num_heads: int, side: int) -> None:
        super().__init__(channels, num_heads, side)
        self.qkv = nn.Linear(channels, 3 * channels)

    def forward(self, qkv: Tensor, windows: Windows, masked: bool) -> Tensor:
        return super().forward(self.qkv(qkv), windows, masked)


class MLP(nn.Module):
    """Linear, GELU, linear over the channels. (..., C) -> (..., C)"""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class DropPath(nn.Module):
    """In training, leave a residual out for a share of the samples, and enlarge the others'.

    (N, ...) -> (N, ...)
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.share:
            return x
        kept = torch.rand(x.shape[0], *[1] * (x.ndim - 1), device=x.device) >= self.share
        return x * kept / (1 - self.share)


class SwinLayer(nn.Module):
    """x + attention(LN x) in windows, then x + MLP(LN x).

    (N, H, W, C) -> (N, H, W, C)
    """

    def __init__(
        self,
        channels: int,
        num_heads: int,
        side: int,
        *,
        shifted: bool,
        mlp_ratio: int,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.shifted = shifted
        self.norm1 = nn.LayerNorm(channels)
        self.attn: WindowAttention = SelfAttention(channels, num_heads, side)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = MLP(channels, mlp_ratio * channels)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, windows: Windows) -> Tensor:
        return within_windows(x, windows, self.shifted, self._forward_in_windows)

    def _forward_in_windows(self, x: Tensor, windows: Windows, masked: bool) -> Tensor:
        """(N, windows, T, C) -> the same; only the attention sees more than one pixel."""
        x = x + self.drop_path(self.attend(self.norm1(x), windows, masked))
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def attend(self, x: Tensor, windows: Windows, masked: bool) -> Tensor:
        """(N, windows, T, C) -> the same."""
        return self.attn(x, windows, masked)
