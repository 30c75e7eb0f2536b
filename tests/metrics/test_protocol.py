import numpy as np
import pytest
import skimage.color
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from jcarsr import EvalProtocol
from jcarsr.degradation.steps import Jpeg
from jcarsr.pixels import Pixels


def test_score_is_scikit_images_on_y_without_the_border(photo: Pixels) -> None:
    worse = Jpeg(qf=10)(photo)
    y, y_worse = (skimage.color.rgb2ycbcr(p)[4:-4, 4:-4, 0] for p in (photo, worse))
    score = EvalProtocol(border=4).score(worse, photo)
    assert score.psnr == pytest.approx(
        peak_signal_noise_ratio(y, y_worse, data_range=255), abs=1e-3
    )
    expected = structural_similarity(
        y, y_worse, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert score.ssim == pytest.approx(expected, abs=1e-5)


def test_rgb_scores_are_lower_by_the_luma_range_for_grey_errors(photo: Pixels) -> None:
    """An equal error in R, G and B is 219/255 as large on Y: 1.32 dB."""
    grey = np.clip(photo, 20, 230)
    brighter = grey + np.uint8(10)
    y = EvalProtocol(border=0).score(brighter, grey).psnr
    rgb = EvalProtocol(border=0, channel="rgb").score(brighter, grey).psnr
    assert y - rgb == pytest.approx(20 * np.log10(255 / 219), abs=1e-3)


def test_sizes_must_agree(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="same size"):
        EvalProtocol(border=2).score(photo[:-2], photo)
