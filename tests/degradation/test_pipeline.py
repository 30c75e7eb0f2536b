import numpy as np

from jcarsr.degradation.history import parse_history
from jcarsr.degradation.pipeline import degrade, low_resolution
from jcarsr.jpeg import codec
from jcarsr.pixels import Pixels


def test_order_is_shrink_then_compress(photo: Pixels) -> None:
    lr, lq = degrade(photo, 2, parse_history("jpeg10"))
    assert lr.shape == lq.shape == (96, 128, 3)
    np.testing.assert_array_equal(lr, low_resolution(photo, 2))
    np.testing.assert_array_equal(lq, codec.decode(codec.encode(lr, 10, "4:2:0")))


def test_flat_colour_is_kept() -> None:
    hr = np.full((32, 48, 3), (200, 100, 50), np.uint8)
    lr, lq = degrade(hr, 4, parse_history("jpeg90"))
    assert (lr == hr[:8, :12]).all()
    assert np.abs(lq.astype(int) - lr).max() <= 4


def test_single_precision_differs_by_at_most_a_level(photo: Pixels) -> None:
    exact, rough = low_resolution(photo, 2).astype(int), low_resolution(photo, 2, exact=False)
    assert np.abs(exact - rough).max() <= 1
    assert (exact != rough).mean() < 1e-3
