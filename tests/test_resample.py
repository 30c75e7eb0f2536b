import numpy as np
import pytest
import torch
from support.resizing import imresize, torchs
from torch.nn.functional import interpolate

from jcarsr.degradation.resize import downscale
from jcarsr.resample import resize, resize_bands


def cut_off(x: np.ndarray, height: int, width: int) -> np.ndarray:
    """PyTorch's antialiased bicubic (a = -0.5); at borders weights are cut off."""
    planes = torch.from_numpy(x).permute(2, 0, 1)[None]
    y = interpolate(planes, (height, width), mode="bicubic", antialias=True)
    return y[0].permute(1, 2, 0).numpy()


def levels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.float64)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (7, 9), (17, 23), (40, 33)])
def test_enlargement_is_matlabs_and_torchs(scale: int, size: tuple[int, int]) -> None:
    height, width = size[0] * scale, size[1] * scale
    x = levels(*size, 3)
    ours = resize(x, height, width, np.float64)
    assert ours.shape == (height, width, 3)
    np.testing.assert_allclose(ours, imresize(x, scale), rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours, torchs(x, height, width), rtol=0, atol=1e-9)


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (150, 33)])
def test_whole_factors_are_exact(scale: int, size: tuple[int, int]) -> None:
    """The weights are multiples of 2^-12 at most: their sums of grey levels need 32 bits."""
    small = levels(*size, 3).astype(np.uint8)
    height, width = size[0] * scale, size[1] * scale
    ours = resize(small, height, width, np.float64)
    np.testing.assert_array_equal(ours * 2**24 % 1, 0)
    large = levels(height, width, 3)
    ours = resize(large, *size, np.float64)
    np.testing.assert_array_equal(ours, downscale(large, scale))


@pytest.mark.parametrize("size", [(100, 75), (67, 50), (41, 101), (60, 90), (200, 170)])
def test_any_size_agrees_with_pytorch(size: tuple[int, int]) -> None:
    x = levels(67, 75, 2)
    ours, theirs = resize(x, *size, np.float64), cut_off(x, *size)
    edge = 8  # beyond what a border reaches
    np.testing.assert_allclose(
        ours[edge:-edge, edge:-edge], theirs[edge:-edge, edge:-edge], atol=1e-9
    )


def test_constants_stay_and_turning_commutes() -> None:
    np.testing.assert_allclose(resize(np.full((5, 9, 1), 7.0), 13, 4, np.float64), 7, atol=1e-12)
    x = levels(12, 10, 3)
    turned = resize(x[::-1].swapaxes(0, 1), 25, 31, np.float64)
    np.testing.assert_allclose(turned, resize(x, 31, 25, np.float64)[::-1].swapaxes(0, 1))


def test_bands_come_in_order_and_cover_everything() -> None:
    x = levels(40, 6, 1).astype(np.uint8)
    parts = list(resize_bands(x, 400, 9, np.float32))
    assert [rows.start for rows, _ in parts][1:] == [rows.stop for rows, _ in parts][:-1]
    assert parts[-1][0].stop == 400
    assert {band.dtype for _, band in parts} == {np.dtype(np.float32)}
