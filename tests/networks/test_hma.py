"""HMA's own parts against their equations; its windows are compared in `test_windows`."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, gelu, layer_norm, linear

from jcarsr.networks.hma import FAB, GAB, FusedConv, HMAConfig, Layers, OffsetBias
from jcarsr.networks.windows import SwinLayer, windows_of

CONFIG = HMAConfig(scale=2, channels=16, num_heads=4, window=4, num_layers=2, interval=2)


def test_fused_convolution_is_the_papers_equations() -> None:
    block, x = FusedConv(4), torch.randn(2, 4, 8, 4)
    p = dict(block.named_parameters())
    y = layer_norm(x, (4,), p["pre_norm.weight"], p["pre_norm.bias"]).permute(0, 3, 1, 2)
    y = conv2d(y, p["fused_conv.weight"], p["fused_conv.bias"], padding=1).permute(0, 2, 3, 1)
    y = gelu(layer_norm(y, (24,), p["norm1.weight"], p["norm1.bias"]))
    mean = y.mean((1, 2))
    hidden = linear(mean, p["se.fc1.weight"].flatten(1), p["se.fc1.bias"])
    hidden = hidden * torch.sigmoid(hidden)
    share = torch.sigmoid(linear(hidden, p["se.fc2.weight"].flatten(1), p["se.fc2.bias"]))
    y = y * share[:, None, None, :]
    y = linear(y, p["conv3_1x1.weight"].flatten(1), p["conv3_1x1.bias"])
    torch.testing.assert_close(block(x, windows_of(x, 4)), x + y)


@pytest.mark.parametrize("shifted", [False, True])
def test_fused_attention_is_a_swin_layer_with_other_names(shifted: bool) -> None:
    fab = FAB(CONFIG, shifted=shifted, drop_path=0.0)
    swin = SwinLayer(16, 4, 4, shifted=shifted, mlp_ratio=2, drop_path=0.0)
    state = fab.state_dict()
    swin.load_state_dict({k.replace("qkv.", "attn.qkv."): v for k, v in state.items()})
    x = torch.randn(2, 8, 4, 16)
    torch.testing.assert_close(fab(x, windows_of(x, 4)), swin(x, windows_of(x, 4)))


def test_bias_is_a_function_of_the_offset_alone() -> None:
    bias = OffsetBias(16, 3)
    pairs, pixels = bias(2, 3), list(product(range(2), range(3)))
    for (i, a), (j, b) in product(enumerate(pixels), repeat=2):
        offset = torch.tensor([a[0] - b[0], a[1] - b[1]], dtype=torch.float32)
        expected = bias.pos3(bias.pos2(bias.pos1(bias.pos_proj(offset))))
        torch.testing.assert_close(pairs[:, i, j], expected)


def test_grid_attention_is_between_pixels_an_interval_apart() -> None:
    """Pixel by pixel in numpy: g attends to key and value, then query to g (section 3.3)."""
    gab = GAB(CONFIG).double()
    for parameter in gab.parameters():
        torch.nn.init.normal_(parameter)
    attention, x = gab.grid_attn, torch.randn(1, 4, 6, 24 + 8, dtype=torch.float64)
    qkv, grid = x[..., :24], x[..., 24:]
    query, key, value, g = (part[0].numpy() for part in (*qkv.split(8, -1), grid))

    def attend(a: np.ndarray, b: np.ndarray, c: np.ndarray, bias: OffsetBias) -> np.ndarray:
        mixed = np.zeros_like(a)
        biases = bias(2, 3).detach().numpy()
        for row, column, head in product(range(4), range(6), range(2)):
            part, scores, values = slice(4 * head, 4 * head + 4), [], []
            for i, j in product(range(row % 2, 4, 2), range(column % 2, 6, 2)):
                offset = biases[head, row // 2 * 3 + column // 2, i // 2 * 3 + j // 2]
                scores.append(a[row, column, part] @ b[i, j, part] * 4**-0.5 + offset)
                values.append(c[i, j, part])
            shares = np.exp(np.array(scores) - max(scores))
            mixed[row, column, part] = shares @ np.array(values) / shares.sum()
        return mixed

    first = attend(g, key, value, attention.attn_transform1.pos)
    expected = attend(query, g, first, attention.attn_transform2.pos)
    with torch.no_grad():
        np.testing.assert_allclose(attention(qkv, grid)[0].numpy(), expected, atol=1e-9)


def test_hybrid_block_joins_windows_and_grid() -> None:
    gab, x = GAB(CONFIG), torch.randn(1, 4, 8, 16)
    windows, seen = windows_of(x, 4), list[torch.Tensor]()
    gab.fc.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        out = gab(x, windows)
        y = x + gab.norm1(gab.fc(seen[0]))
        torch.testing.assert_close(out, y + gab.norm2(gab.mlp(y)))
        qkv = gab.qkv(x)
        rolled = torch.roll(qkv[..., 12:24], (-2, -2), (1, 2))
        for features, layer, start in (
            (qkv[..., :12], gab.window_attn, 0),
            (rolled, gab.window_attn_s, 4),
        ):
            parts = []
            for window in range(2):  # each window alone, with its own mask
                one = features[:, :, 4 * window : 4 * window + 4].reshape(1, 1, 16, 12)
                own = windows._replace(mask=windows.mask[window : window + 1])
                parts.append(layer(one, own, start == 4).view(1, 4, 4, 4))
            mixed = torch.cat(parts, 2)
            mixed = torch.roll(mixed, (2, 2), (1, 2)) if start else mixed
            torch.testing.assert_close(seen[0][..., start : start + 4], mixed)
        across = gab.grid_attn(qkv[..., 24:], gab.grid_proj(x))
        torch.testing.assert_close(seen[0][..., 8:], across)


@torch.no_grad()
def test_windows_of_rows_are_the_authors() -> None:
    """Pixel by pixel: what goes in, where it comes out, and which pixels the mask keeps apart."""
    gab = GAB(replace(CONFIG, row_windows=True))
    x, seen = torch.randn(2, 8, 12, 16), list[torch.Tensor]()
    windows = windows_of(x, 4)
    gab.fc.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    gab(x, windows)
    qkv = gab.qkv(x)[..., 12:24]
    order = [(row, column) for row in range(8) for column in range(12)]  # reading order
    for picture in range(2):
        mixed = torch.empty(8, 12, 4)
        for window in range(6):
            pixels = order[16 * window : 16 * window + 16]
            taken = torch.stack([qkv[picture, (r + 2) % 8, (c + 2) % 12] for r, c in pixels])
            own = windows._replace(mask=windows.mask[window : window + 1])
            out = gab.window_attn_s(taken[None, None], own, True)[0, 0]
            top, left = 4 * (window // 3), 4 * (window % 3)
            for index, value in enumerate(out):
                mixed[top + index // 4, left + index % 4] = value
        for index, (row, column) in enumerate(order):
            r, c = order[index - 2]
            expected = torch.stack([mixed[r, c, channel - 2] for channel in range(4)])
            torch.testing.assert_close(seen[0][picture, row, column, 4:8], expected)


def test_layers_alternate_and_end_in_a_weighed_hybrid_block() -> None:
    layers, x = Layers(CONFIG, 0).eval(), torch.randn(1, 4, 8, 16)
    kinds = [type(block).__name__ for block in layers.blocks]
    assert kinds == ["FusedConv", "FAB", "FAB"]
    assert [block.shifted for block in layers.blocks[1:]] == [False, True]
    windows = windows_of(x, 4)
    y = layers.blocks[2](layers.blocks[1](layers.blocks[0](x, windows), windows), windows)
    torch.testing.assert_close(layers(x, windows), y + layers.scale * layers.gab(y, windows))


@pytest.mark.parametrize(
    ("channels", "heads", "message"),
    [
        (30, 3, "num_heads must be even, got 3"),
        (30, 6, r"channels must be a multiple of 2 \* num_heads, got 30"),
    ],
)
def test_impossible_sizes_are_refused(channels: int, heads: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HMAConfig(scale=2, channels=channels, num_heads=heads)
