"""The layer of Swin Transformer V2 (Liu et al. 2022): cosine attention, norms after."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

_HIDDEN = 512  # of the network that makes position biases
_LARGEST_SCALE = math.log(100)


class WindowAttention(nn.Module):
    """Attention within windows: cosine similarity, and a bias by log-spaced offset (section 3.3).

    (windows, side^2, C) -> the same

    Args:
        dim: C.
        side: tokens along a window.
        heads: of the attention.
    """

    coordinates: Tensor
    pairs: Tensor

    def __init__(self, dim: int, side: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.logit_scale = nn.Parameter(torch.full((heads, 1, 1), math.log(10)))
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, heads, bias=False)
        )
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(dim))
        self.v_bias = nn.Parameter(torch.zeros(dim))
        self.proj = nn.Linear(dim, dim)
        offsets = torch.arange(1 - side, side).float() * (8 / (side - 1))
        offsets = offsets.sign() * (offsets.abs() + 1).log2() / 3
        table = torch.stack(torch.meshgrid(offsets, offsets, indexing="ij"), -1)
        self.register_buffer("coordinates", table.flatten(0, 1), persistent=False)
        row, column = torch.arange(side * side) // side, torch.arange(side * side) % side
        down = row[:, None] - row[None] + side - 1
        across = column[:, None] - column[None] + side - 1
        self.register_buffer("pairs", down * (2 * side - 1) + across, persistent=False)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """`mask`: (windows of a picture, side^2, side^2), added to the similarities."""
        windows, tokens, dim = x.shape
        bias = torch.cat((self.q_bias, torch.zeros_like(self.v_bias), self.v_bias))
        qkv = linear(x, self.qkv.weight, bias).view(windows, tokens, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        scale = self.logit_scale.clamp(max=_LARGEST_SCALE).exp()
        similar = scale * (normalize(q, dim=-1) @ normalize(k, dim=-1).transpose(-2, -1))
        position = 16 * torch.sigmoid(self.cpb_mlp(self.coordinates))
        similar = similar + position[self.pairs].permute(2, 0, 1)
        if mask is not None:
            similar = similar.view(-1, len(mask), self.heads, tokens, tokens) + mask[:, None]
            similar = similar.view(windows, self.heads, tokens, tokens)
        mixed = (similar.softmax(-1) @ v).transpose(1, 2).reshape(windows, tokens, dim)
        return self.proj(mixed)


class SwinV2Layer(nn.Module):
    """x + norm(attention(x)), then x + norm(MLP(x)) (section 3.2).

    (N, H, W, C) -> (N, H, W, C), H and W multiples of `side`

    Args:
        dim: C.
        heads: of the attention.
        side: tokens along a window.
        shift: of the windows, down and to the right.
        ratio: of the MLP's width to C.
    """

    def __init__(self, dim: int, heads: int, side: int, shift: int, ratio: int) -> None:
        super().__init__()
        self.side, self.shift = side, shift
        self.attn = WindowAttention(dim, side, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.mlp = _Mlp(dim, ratio * dim)
        self.norm2 = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.norm1(self._attend(x))
        return x + self.norm2(self.mlp(x))

    def _attend(self, x: Tensor) -> Tensor:
        height, width, shift = *x.shape[1:3], self.shift
        mask = None
        if shift:
            x = x.roll((-shift, -shift), (1, 2))
            mask = shift_mask(height, width, self.side, shift, x.device)
        x = to_pictures(self.attn(to_windows(x, self.side), mask), height, width, self.side)
        return x.roll((shift, shift), (1, 2)) if shift else x


class _Mlp(nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


def to_windows(x: Tensor, side: int) -> Tensor:
    """(N, H, W, C) -> (N * windows, side^2, C), windows row by row."""
    count, height, width, dim = x.shape
    x = x.view(count, height // side, side, width // side, side, dim)
    return x.transpose(2, 3).reshape(-1, side * side, dim)


def to_pictures(windows: Tensor, height: int, width: int, side: int) -> Tensor:
    """The inverse of `to_windows`."""
    x = windows.view(-1, height // side, width // side, side, side, windows.shape[-1])
    return x.transpose(2, 3).reshape(-1, height, width, windows.shape[-1])


def shift_mask(height: int, width: int, side: int, shift: int, device: torch.device) -> Tensor:
    """-100 between tokens that only the cyclic shift made neighbours, else 0.

    (windows, side^2, side^2)
    """

    def parts(length: int) -> Tensor:
        at = torch.arange(length, device=device)
        return (at >= length - side).long() + (at >= length - shift)

    region = 3 * parts(height)[:, None] + parts(width)[None]
    region = to_windows(region[None, ..., None], side)[..., 0]
    return torch.where(region[:, :, None] == region[:, None], 0.0, -100.0)
