import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from jcarsr.metrics.functional import psnr, ssim

SHAPES = [(32, 45), (11, 11), (40, 33, 3)]


def pair(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, shape).astype(np.float64)
    return x, np.clip(x + rng.normal(0, 20, shape), 0, 255)


def test_psnr_of_a_constant_error() -> None:
    x = np.zeros((8, 8))
    assert psnr(x, x + 0.1, peak=1.0) == pytest.approx(20)
    assert psnr(x, x) == np.inf


@pytest.mark.parametrize("shape", SHAPES)
def test_psnr_is_scikit_images(shape: tuple[int, ...]) -> None:
    x, y = pair(shape)
    assert psnr(x, y) == pytest.approx(peak_signal_noise_ratio(x, y, data_range=255), abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_ssim_is_scikit_images(shape: tuple[int, ...]) -> None:
    x, y = pair(shape)
    expected = structural_similarity(
        x,
        y,
        channel_axis=2 if len(shape) == 3 else None,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(x, y) == pytest.approx(expected, abs=1e-9)


def test_bytes_are_measured_as_numbers() -> None:
    x, y = (a.round().astype(np.uint8) for a in pair((20, 20, 3)))
    assert psnr(x, y) == psnr(x.astype(float), y.astype(float))
    assert ssim(x, y) == ssim(x.astype(float), y.astype(float))


def test_ssim_of_equal_pictures_is_one() -> None:
    x = np.random.default_rng(0).random((11, 11, 3))
    assert ssim(x, x, peak=1.0) == 1


def test_ssim_refuses_what_is_smaller_than_its_window() -> None:
    with pytest.raises(ValueError, match="got 10x20"):
        ssim(np.zeros((10, 20)), np.zeros((10, 20)))
