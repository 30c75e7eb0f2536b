"""The layer of Swin Transformer V2 (Liu et al. 2022): cosine attention, norms after."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from jcarsr.networks.windows import MLP, Windows, within_windows

_HIDDEN = 512  # of the network that makes position biases
_LARGEST_SCALE = math.log(100)


class CosineAttention(nn.Module):
    """Attention within windows: cosine similarity, and a bias by log-spaced offset (section 3.3).

    (N, windows, side^2, C) -> the same

    Args:
        dim: C.
        side: tokens along a window.
        heads: of the attention.
    """

    coordinates: Tensor

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

    def forward(self, x: Tensor, windows: Windows, masked: bool) -> Tensor:
        """`masked`: whether features are shifted, see `within_windows`."""
        n, count, tokens, dim = x.shape
        bias = torch.cat((self.q_bias, torch.zeros_like(self.v_bias), self.v_bias))
        qkv = linear(x, self.qkv.weight, bias).view(n, count, tokens, 3, self.heads, -1)
        q, k, v = qkv.permute(3, 0, 1, 4, 2, 5)  # (N, windows, heads, T, C / heads) each
        scale = self.logit_scale.clamp(max=_LARGEST_SCALE).exp()
        similar = scale * (normalize(q, dim=-1) @ normalize(k, dim=-1).transpose(-2, -1))
        position = 16 * torch.sigmoid(self.cpb_mlp(self.coordinates))[windows.relative]
        similar = similar + position.view(tokens, tokens, self.heads).permute(2, 0, 1)
        if masked:
            similar = similar + windows.mask
        mixed = (similar.softmax(-1) @ v).transpose(2, 3).reshape(n, count, tokens, dim)
        return self.proj(mixed)


class SwinV2Layer(nn.Module):
    """x + norm(attention(x)), then x + norm(MLP(x)) (section 3.2).

    (N, H, W, C) -> (N, H, W, C)

    Args:
        dim: C.
        heads: of the attention.
        side: tokens along a window.
        shifted: whether the windows are, by half their side.
        ratio: of the MLP's width to C.
    """

    def __init__(self, dim: int, heads: int, side: int, *, shifted: bool, ratio: int) -> None:
        super().__init__()
        self.shifted = shifted
        self.attn = CosineAttention(dim, side, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.mlp = MLP(dim, ratio * dim)
        self.norm2 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, windows: Windows) -> Tensor:
        x = x + self.norm1(within_windows(x, windows, self.shifted, self.attn))
        return x + self.norm2(self.mlp(x))
