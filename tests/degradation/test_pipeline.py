import numpy as np
import pytest

from jcarsr.degradation import jpeg
from jcarsr.degradation.pipeline import Compression, degrade, draw_compressions, low_resolution
from jcarsr.pixels import Pixels


def test_order_is_shrink_then_compress(photo: Pixels) -> None:
    lr, lq = degrade(photo, 2, Compression(qf=10))
    assert lr.shape == lq.shape == (96, 128, 3)
    np.testing.assert_array_equal(lr, low_resolution(photo, 2))
    np.testing.assert_array_equal(lq, jpeg.decode(jpeg.encode(lr, 10, "4:2:0")))


def test_flat_colour_is_kept() -> None:
    hr = np.full((32, 48, 3), (200, 100, 50), np.uint8)
    lr, lq = degrade(hr, 4, Compression(qf=90))
    assert (lr == hr[:8, :12]).all()
    assert np.abs(lq.astype(int) - lr).max() <= 4


def test_single_precision_differs_by_at_most_a_level(photo: Pixels) -> None:
    exact, rough = low_resolution(photo, 2).astype(int), low_resolution(photo, 2, exact=False)
    assert np.abs(exact - rough).max() <= 1
    assert (exact != rough).mean() < 1e-3


def test_draw_is_decided_by_the_seed() -> None:
    qfs = tuple(range(5, 96, 5))
    first = draw_compressions(qfs, 0.5, seed="a")
    assert first == draw_compressions(qfs, 0.5, seed="a") != draw_compressions(qfs, 0.5, seed="b")
    assert [c.qf for c in first] == list(qfs)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_share_of_full_chroma(share: float) -> None:
    drawn = draw_compressions([50] * 4000, share, seed=0)
    assert np.mean([c.subsampling == "4:4:4" for c in drawn]) == pytest.approx(share, abs=0.03)
