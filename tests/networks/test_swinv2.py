"""Attention by loops over windows, heads and pairs of tokens."""

import math

import torch
from torch.nn.functional import cosine_similarity, gelu, layer_norm, relu

from jcarsr.networks.swinv2 import SwinV2Layer
from jcarsr.networks.windows import windows_of

DIM, HEADS, SIDE = 8, 2, 4


def test_layer_is_the_papers_equations_with_shifted_windows() -> None:
    layer = SwinV2Layer(DIM, HEADS, SIDE, shifted=True, ratio=2)
    for parameter in layer.parameters():
        parameter.data.normal_(std=0.5)
    layer.attn.logit_scale.data[0] = 9.0  # beyond the largest, 100
    p = dict(layer.named_parameters())
    x = torch.rand(1, 8, 12, DIM)
    qkv = x @ p["attn.qkv.weight"].T
    q, k, v = (qkv[..., i * DIM : (i + 1) * DIM] for i in range(3))
    q, v = q + p["attn.q_bias"], v + p["attn.v_bias"]

    def bias(down: int, across: int) -> torch.Tensor:
        offset = torch.tensor([down, across]) * 8 / (SIDE - 1)
        offset = offset.sign() * torch.log2(offset.abs() + 1) / math.log2(8)
        inner = relu(p["attn.cpb_mlp.0.weight"] @ offset + p["attn.cpb_mlp.0.bias"])
        return 16 * torch.sigmoid(p["attn.cpb_mlp.2.weight"] @ inner)

    def window(at: int, length: int) -> range:
        """The true neighbours along one axis: windows begin at 2, 6, ...; borders cut them."""
        start = (at - 2) // SIDE * SIDE + 2
        return range(max(start, 0), min(start + SIDE, length))

    mixed = torch.zeros_like(x)
    size = DIM // HEADS
    for row in range(8):
        for column in range(12):
            for head in range(HEADS):
                part = slice(head * size, (head + 1) * size)
                scale = p["attn.logit_scale"][head, 0, 0].exp().clamp(max=100)
                pairs = [(r, c) for r in window(row, 8) for c in window(column, 12)]
                similar = torch.stack(
                    [
                        scale * cosine_similarity(q[0, row, column, part], k[0, r, c, part], dim=0)
                        + bias(row - r, column - c)[head]
                        for r, c in pairs
                    ]
                ).softmax(0)
                values = torch.stack([v[0, r, c, part] for r, c in pairs])
                mixed[0, row, column, part] = similar @ values
    mixed = mixed @ p["attn.proj.weight"].T + p["attn.proj.bias"]
    y = x + layer_norm(mixed, (DIM,), p["norm1.weight"], p["norm1.bias"])
    inner = gelu(y @ p["mlp.fc1.weight"].T + p["mlp.fc1.bias"])
    inner = inner @ p["mlp.fc2.weight"].T + p["mlp.fc2.bias"]
    y = y + layer_norm(inner, (DIM,), p["norm2.weight"], p["norm2.bias"])
    torch.testing.assert_close(layer(x, windows_of(x, SIDE)), y, atol=1e-4, rtol=1e-4)
