import numpy as np
import pytest
from support.resizing import imresize, torchs

from jcarsr.degradation.resize import downscale


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


@pytest.mark.parametrize("scale", [2, 4])
def test_float64_is_exact(scale: int) -> None:
    """The weights are multiples of 2^-12 at most: their sums of grey levels need 32 bits."""
    y = downscale(grey_levels(32, 48, 3), scale)
    np.testing.assert_array_equal(y * 2**24 % 1, 0)


@pytest.mark.parametrize("scale", [2, 4])
def test_float32_stays_float32_and_near(scale: int) -> None:
    x = grey_levels(64, 96, 3)
    rough = downscale(x.astype(np.float32), scale)
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, downscale(x, scale), rtol=0, atol=1e-3)


def test_any_layout_in_memory_and_no_channels() -> None:
    x = grey_levels(24, 32, 3)
    turned = np.asfortranarray(x)
    np.testing.assert_array_equal(downscale(turned, 2), downscale(x, 2))
    np.testing.assert_array_equal(downscale(x[::2, ::-1, 1], 2), downscale(x[::2, ::-1], 2)[..., 1])


def test_sizes_must_be_multiples() -> None:
    with pytest.raises(ValueError, match="multiples of 4, got 10x12"):
        downscale(np.zeros((10, 12, 3)), 4)
