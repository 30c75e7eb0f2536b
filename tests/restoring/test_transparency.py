import numpy as np
import pytest

from jcarsr.restoring.transparency import fill_hidden, keep_certain


def test_visible_colours_stay_and_hidden_ones_are_forgotten() -> None:
    samples = np.full((8, 8, 3), (0, 255, 0), np.uint8)  # green lies hidden everywhere
    alpha = np.zeros((8, 8), np.uint8)
    samples[2:5, 2:5], alpha[2:5, 2:5] = (200, 10, 30), 255
    filled = fill_hidden(samples, alpha)
    np.testing.assert_array_equal(filled, np.broadcast_to((200, 10, 30), (8, 8, 3)))


def test_fill_weighs_by_alpha() -> None:
    """Premultiplied mean of a 2x2 neighbourhood: (1 * 200 + 1/3 * 80) / (4/3) = 170."""
    samples = np.array([[[200] * 3, [80] * 3], [[0] * 3, [9] * 3]], np.uint8)
    alpha = np.array([[255, 85], [0, 0]], np.uint8)
    filled = fill_hidden(samples, alpha)
    np.testing.assert_array_equal(filled[..., 0], [[200, 80], [170, 170]])


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (17, 23)])
def test_every_size_and_nothing_visible(size: tuple[int, int]) -> None:
    samples = np.random.default_rng(0).integers(0, 65536, (*size, 3)).astype(np.uint16)
    filled = fill_hidden(samples, np.zeros(size, np.uint16))
    assert filled.dtype == np.uint16
    assert not filled.any()
    np.testing.assert_array_equal(fill_hidden(samples, np.full(size, 7, np.uint16)), samples)


def test_veil_is_lifted_where_nothing_is_near() -> None:
    alpha = np.zeros((6, 9), np.uint8)
    alpha[:, 5:] = 255
    noisy = np.where(alpha.repeat(2, 0).repeat(2, 1) > 0, 253, 2).astype(np.uint8)
    kept = keep_certain(noisy, alpha, 2)
    assert set(kept[0, :8]) == {0}
    assert set(kept[0, 8:10]) == {2}  # beside the edge the network decides
    assert set(kept[0, 10:12]) == {253}
    assert set(kept[0, 12:]) == {255}
