import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from jcarsr.degradation.resize import downscale, upscale


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys' kernel, a = -0.5."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def imresize_matrix(length: int, scale: float) -> np.ndarray:
    """MATLAB imresize along one axis as a dense matrix, written from its documentation.

    Output pixel i lies at (i + 0.5) / scale - 0.5; the kernel is stretched by 1 / scale when
    shrinking; weights are normalised; indices beyond a border are mirrored, the border included.
    """
    size = int(np.ceil(length * scale))
    stretch = min(scale, 1.0)
    matrix = np.zeros((size, length))
    for i in range(size):
        centre = (i + 0.5) / scale - 0.5
        taps = np.arange(np.floor(centre - 2 / stretch) - 1, np.ceil(centre + 2 / stretch) + 2)
        weights = cubic((centre - taps) * stretch)
        mirrored = taps.astype(int) % (2 * length)
        mirrored = np.where(mirrored < length, mirrored, 2 * length - 1 - mirrored)
        np.add.at(matrix[i], mirrored, weights / weights.sum())
    return matrix


def imresize(x: np.ndarray, scale: float) -> np.ndarray:
    rows, columns = (imresize_matrix(length, scale) for length in x.shape[:2])
    return np.einsum("ih,hwc,jw->ijc", rows, x, columns)


def torchs(x: np.ndarray, height: int, width: int) -> np.ndarray:
    """PyTorch's antialiased bicubic (a = -0.5), the picture mirrored beyond its borders before.

    (H, W, C) -> (height, width, C): either H = scale * height or height = scale * H.
    """
    pad = 3 * max(1, x.shape[0] // height)
    extra = pad * height // x.shape[0]  # output pixels that the padding becomes
    padded = np.pad(x, ((pad, pad), (pad, pad), (0, 0)), mode="symmetric")
    planes = torch.from_numpy(padded).permute(2, 0, 1)[None]
    size = (height + 2 * extra, width + 2 * extra)
    y = interpolate(planes, size, mode="bicubic", antialias=True)[0].permute(1, 2, 0).numpy()
    return y[extra : extra + height, extra : extra + width]


def grey_levels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.float64)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (17, 23), (40, 33)])
def test_downscale_is_matlabs_and_torchs(scale: int, size: tuple[int, int]) -> None:
    height, width = size
    x = grey_levels(height * scale, width * scale, 3)
    ours = downscale(x, scale)
    assert ours.shape == (height, width, 3)
    np.testing.assert_allclose(ours, imresize(x, 1 / scale), rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours, torchs(x, height, width), rtol=0, atol=1e-9)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (7, 9), (17, 23), (40, 33)])
def test_upscale_is_matlabs_and_torchs(scale: int, size: tuple[int, int]) -> None:
    height, width = size
    x = grey_levels(height, width, 3)
    ours = upscale(x, scale)
    assert ours.shape == (height * scale, width * scale, 3)
    np.testing.assert_allclose(ours, imresize(x, scale), rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours, torchs(x, *ours.shape[:2]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("scale", [2, 4])
def test_float64_is_exact(scale: int) -> None:
    """The weights are multiples of 2^-12 at most: their sums of grey levels need 32 bits."""
    for y in (downscale(grey_levels(32, 48, 3), scale), upscale(grey_levels(9, 5, 3), scale)):
        np.testing.assert_array_equal(y * 2**24 % 1, 0)


@pytest.mark.parametrize("scale", [2, 4])
def test_float32_stays_float32_and_near(scale: int) -> None:
    x = grey_levels(64, 96, 3)
    for resize in (downscale, upscale):
        rough = resize(x.astype(np.float32), scale)
        assert rough.dtype == np.float32
        np.testing.assert_allclose(rough, resize(x, scale), rtol=0, atol=1e-3)


def test_any_layout_in_memory_and_no_channels() -> None:
    x = grey_levels(24, 32, 3)
    turned = np.asfortranarray(x)
    np.testing.assert_array_equal(downscale(turned, 2), downscale(x, 2))
    np.testing.assert_array_equal(upscale(x[::2, ::-1, 1], 2), upscale(x[::2, ::-1], 2)[..., 1])


def test_sizes_must_be_multiples() -> None:
    with pytest.raises(ValueError, match="multiples of 4, got 10x12"):
        downscale(np.zeros((10, 12, 3)), 4)
