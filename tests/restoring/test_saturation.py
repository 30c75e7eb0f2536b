import numpy as np
import pytest
from scipy.ndimage import minimum_filter

from jcarsr.image import Picture
from jcarsr.pixels import Samples
from jcarsr.restoring.compose import compose
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.saturation import RADIUS, keep_saturated


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_only_where_the_neighbourhood_is_white_or_black(scale: int, dtype: type) -> None:
    """SciPy's filter finds where; strips are joined without a seam."""
    top = np.iinfo(dtype).max
    rng = np.random.default_rng(0)
    lq = np.full((150, 40, 3), top // 2, dtype)
    lq[3:90, 5:20], lq[60:150, 22:40] = top, 0
    lq[rng.random((150, 40)) < 0.01, 1] = top // 3  # of one channel, in the midst of either
    sr = rng.integers(1, top, (150 * scale, 40 * scale, 3), dtype)
    expected = sr.copy()
    for level in (0, top):
        there = (lq == level).all(axis=2).astype(np.uint8)
        certain = minimum_filter(there, 2 * RADIUS + 1, mode="nearest").astype(bool)
        assert certain.any()
        expected[certain.repeat(scale, 0).repeat(scale, 1)] = level
    keep_saturated(sr, lq, scale)
    np.testing.assert_array_equal(sr, expected)


def test_backgrounds_stay_pure_in_results() -> None:
    lq: Samples = np.full((60, 80, 3), 255, np.uint8)
    lq[20:40, 30:50] = (200, 30, 30)
    lq[:, :12] = 0
    sr = compose(Picture(lq), Networks().restorer(2)).picture.samples
    assert (sr[:, :20] == 0).all()
    assert (sr[:, 120:] == 255).all()
