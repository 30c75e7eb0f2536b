import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from jcarsr.metrics.functional import psnr, ssim


@pytest.fixture
def pairs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (3, 2, 32, 45)).astype(np.float64)
    return x, np.clip(x + rng.normal(0, 20, x.shape), 0, 255)


def test_psnr_of_a_constant_error() -> None:
    x = torch.zeros(2, 1, 8, 8)
    torch.testing.assert_close(psnr(x, x + 0.1, peak=1.0), torch.full((2,), 20.0).double())
    assert psnr(x, x).isinf().all()


def test_psnr_is_scikit_images(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pairs
    expected = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(psnr(torch.from_numpy(x), torch.from_numpy(y)), expected)


def test_ssim_is_scikit_images(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pairs
    expected = [
        structural_similarity(
            a,
            b,
            channel_axis=0,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(x, y, strict=True)
    ]
    np.testing.assert_allclose(ssim(torch.from_numpy(x), torch.from_numpy(y)), expected, atol=1e-9)


def test_ssim_of_equal_pictures_is_one() -> None:
    x = torch.rand(1, 3, 11, 11)
    torch.testing.assert_close(ssim(x, x), torch.ones(1).double())


def test_ssim_refuses_what_is_smaller_than_its_window() -> None:
    with pytest.raises(ValueError, match="got 10x20"):
        ssim(torch.rand(1, 1, 10, 20), torch.rand(1, 1, 10, 20))
