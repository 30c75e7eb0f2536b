import numpy as np
import pytest

from jcarsr.image import Picture
from jcarsr.restoring.detail_map import DIFFERENCE, LEAVING, detail_map


@pytest.mark.parametrize("deep", [False, True])
def test_red_is_the_difference_and_blue_what_leaves(deep: bool) -> None:
    samples = np.full((32, 48, 3), 100, np.uint8)
    other = samples.copy()
    other[:16, :, 1] += 16
    other[16:, :, 0] -= 90
    shares = np.zeros((2, 2), np.float32)
    shares[0, 1], shares[1, 0] = LEAVING, LEAVING / 5
    if deep:
        samples, other = (x.astype(np.uint16) * 257 for x in (samples, other))
    size = (18, 20)  # of the input: its last rows and columns are in no whole block
    drawn = detail_map(Picture(other), Picture(samples), shares, size).samples
    assert (drawn.dtype, drawn.shape) == (np.uint8, (32, 48, 3))
    assert set(drawn[:16, :, 0].flat) == {round(255 * 16 / DIFFERENCE)}
    assert set(drawn[16:, :, 0].flat) == {255}
    assert not drawn[..., 1].any()
    at = [
        (row * 18 // 32 // 8, column * 20 // 48 // 8) for row in range(32) for column in range(48)
    ]
    blue = {(0, 1): 255, (1, 0): 51}
    assert drawn[..., 2].ravel().tolist() == [blue.get(place, 0) for place in at]


def test_what_departs_from_nothing_is_black() -> None:
    picture = Picture(np.full((8, 8, 3), 7, np.uint8), np.full((8, 8), 9, np.uint8), grey=True)
    drawn = detail_map(picture, None, None, (4, 4))
    assert not drawn.samples.any()
    assert (drawn.alpha, drawn.grey) == (None, False)
