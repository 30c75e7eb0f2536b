"""Window attention against a loop over windows, heads and pairs of pixels in numpy."""

from itertools import product

import numpy as np
import pytest
import torch

from jcarsr.networks.windows import (
    DropPath,
    SwinLayer,
    Windows,
    merge,
    partition,
    windows_of,
    within_windows,
)


def test_a_window_is_a_square_of_pixels_row_by_row() -> None:
    x = torch.arange(2 * 6 * 4).view(2, 6, 4, 1)
    parts = partition(x, 2)
    assert parts.shape == (2, 6, 4, 1)
    assert parts[1, 3, :, 0].tolist() == x[1, 2:4, 2:4, 0].flatten().tolist()
    assert torch.equal(merge(parts, 2, 6, 4), x)


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("size", [(8, 12), (4, 4)])
@pytest.mark.parametrize("windows_at_once", [1, 4, 99])
def test_layer_is_attention_between_pixels_that_share_a_window(
    shifted: bool, size: tuple[int, int], windows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shifted layer's windows lie half a side further, and end at the picture's border."""
    side, heads, channels = 4, 2, 6
    monkeypatch.setattr("jcarsr.networks.windows._CPU_PAIRS", windows_at_once * side**4)
    layer = SwinLayer(channels, heads, side, shifted=shifted, mlp_ratio=2, drop_path=0.0)
    layer = layer.double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(1, *size, channels, dtype=torch.float64)
    p = {name: value.detach().numpy() for name, value in layer.named_parameters()}

    def norm(v: np.ndarray, name: str) -> np.ndarray:
        v = (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + 1e-5)
        return v * p[f"{name}.weight"] + p[f"{name}.bias"]

    def linear(v: np.ndarray, name: str) -> np.ndarray:
        return v @ p[f"{name}.weight"].T + p[f"{name}.bias"]

    picture = x[0].numpy()
    query, key, value = np.split(linear(norm(picture, "norm1"), "attn.qkv"), 3, -1)
    pixels = list(product(range(size[0]), range(size[1])))
    half, width = side // 2 if shifted else 0, channels // heads

    def window(pixel: tuple[int, int]) -> tuple[int, int]:
        return (pixel[0] + half) // side, (pixel[1] + half) // side

    mixed = np.zeros_like(picture)
    for pixel, head in product(pixels, range(heads)):
        part = slice(head * width, (head + 1) * width)
        scores, values = [], []
        for other in pixels:
            if window(other) == window(pixel):
                down, right = pixel[0] - other[0] + side - 1, pixel[1] - other[1] + side - 1
                bias = p["attn.relative_position_bias_table"][down * (2 * side - 1) + right, head]
                scores.append(query[pixel][part] @ key[other][part] / np.sqrt(width) + bias)
                values.append(value[other][part])
        shares = np.exp(np.array(scores) - max(scores))
        mixed[pixel][part] = shares @ np.array(values) / shares.sum()
    y = picture + linear(mixed, "attn.proj")
    hidden = torch.nn.functional.gelu(torch.from_numpy(linear(norm(y, "norm2"), "mlp.fc1")))
    expected = y + linear(hidden.numpy(), "mlp.fc2")
    with torch.no_grad():
        actual = layer(x, windows_of(x, side))[0].numpy()
    np.testing.assert_allclose(actual, expected, atol=1e-9)


def test_windows_are_parted_without_gradients_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jcarsr.networks.windows._CPU_PAIRS", 2 * 4**4)
    x, seen = torch.rand(1, 8, 12, 3), list[tuple[int, int]]()

    def attend(x: torch.Tensor, windows: Windows, masked: bool) -> torch.Tensor:
        assert masked
        seen.append((x.shape[1], windows.mask.shape[0]))
        return x

    windows = windows_of(x, 4)
    assert torch.equal(within_windows(x, windows, True, attend), x)
    with torch.no_grad():
        assert torch.equal(within_windows(x, windows, True, attend), x)
    assert seen == [(6, 6), (2, 2), (2, 2), (2, 2)]


def test_paths_are_dropped_in_training_alone_and_for_whole_samples() -> None:
    drop, x = DropPath(0.25), torch.ones(4000, 2, 3)
    dropped = drop(x)
    assert torch.equal(dropped, dropped[:, :1, :1].expand_as(x))
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert abs(dropped.mean().item() - 1) < 0.05
    assert torch.equal(drop.eval()(x), x)
