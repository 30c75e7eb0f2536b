from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from jcarsr import JCARSRError, NetworkRestorer
from jcarsr.inference.torch_engine import TorchEngine
from jcarsr.pixels import Pixels, Planes
from jcarsr.weights import read


class Blur:
    """Enlarges by repetition and blurs over 9 pixels: sees less than the margin of a blend."""

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self.largest = 0

    def run(self, lq: Planes) -> Planes:
        self.largest = max(self.largest, *lq.shape[2:])
        large = lq.repeat(self.scale, 2).repeat(self.scale, 3)
        return uniform_filter(large, (1, 1, 9, 9), mode="nearest")


@pytest.fixture
def picture() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (343, 419, 3), np.uint8)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("tile", [128, 144, 256])
def test_tiled_is_whole_for_a_network_that_sees_less_than_the_overlap(
    picture: Pixels, scale: int, tile: int
) -> None:
    engine = Blur(scale)
    tiled = NetworkRestorer(engine, tile).restore(picture)
    assert engine.largest <= tile
    whole = NetworkRestorer(engine, None).restore(picture)
    assert np.abs(tiled.astype(int) - whole).max() <= 1  # float32 sums in another order


def test_tiles_of_different_brightness_leave_no_edge() -> None:
    """The worst a network can do to a seam: its answer differs from tile to tile."""

    class Alternating:
        scale = 2
        calls = 0

        def run(self, lq: Planes) -> Planes:
            self.calls += 1
            shape = (1, 3, 2 * lq.shape[2], 2 * lq.shape[3])
            return np.full(shape, 0.4 + 0.2 * (self.calls % 2), np.float32)

    sr = NetworkRestorer(Alternating(), 128).restore(np.zeros((64, 400, 3), np.uint8)).astype(int)
    assert sr.max() - sr.min() == 51
    assert np.abs(np.diff(sr, axis=1)).max() <= 2  # 51 levels over 32 output pixels


def test_real_network_agrees_within_50_db(photo: Pixels, tiny_weights: Path) -> None:
    engine = TorchEngine(read(tiny_weights), "cpu")
    tiled = NetworkRestorer(engine, 128).restore(photo)
    whole = NetworkRestorer(engine, None).restore(photo)
    mse = np.square(tiled.astype(float) - whole).mean()
    assert 10 * np.log10(255**2 / mse) > 50


def test_progress_counts_every_tile(picture: Pixels) -> None:
    seen: list[tuple[int, int]] = []
    NetworkRestorer(Blur(2), 256).restore(picture, lambda *state: seen.append(state))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_values_beyond_white_and_black_are_clamped() -> None:
    class Extreme:
        scale = 2

        def run(self, lq: Planes) -> Planes:
            return np.where(lq.repeat(2, 2).repeat(2, 3) > 0.5, 9.0, -9.0).astype(np.float32)

    lq = np.array([[[0, 255, 0]]], np.uint8)
    assert NetworkRestorer(Extreme()).restore(lq)[0, 0].tolist() == [0, 255, 0]


def test_nan_is_never_a_picture() -> None:
    class Broken:
        scale = 2

        def run(self, lq: Planes) -> Planes:
            return np.full((1, 3, 2 * lq.shape[2], 2 * lq.shape[3]), np.nan, np.float32)

    with pytest.raises(JCARSRError, match="not finite"):
        NetworkRestorer(Broken()).restore(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (17, 23)])
def test_smallest_and_odd_pictures(size: tuple[int, int], tiny_weights: Path) -> None:
    restorer = NetworkRestorer(TorchEngine(read(tiny_weights), "cpu"))
    sr = restorer.restore(np.zeros((*size, 3), np.uint8))
    assert sr.shape == (2 * size[0], 2 * size[1], 3)
