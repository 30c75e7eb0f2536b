from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from jcarsr import JCARSRError, MemoryLimitError, NetworkRestorer
from jcarsr.engines.torch import TorchEngine
from jcarsr.pixels import Pixels, Planes
from jcarsr.weights import read


class Blur:
    """Enlarges by repetition and blurs over 9 pixels: sees less than the margin of a blend."""

    bytes_per_pixel = 1

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self.largest = 0

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        self.largest = max(self.largest, *lq.shape[2:])
        large = lq.repeat(self.scale, 2).repeat(self.scale, 3)
        return uniform_filter(large, (1, 1, 9, 9), mode="nearest")


@pytest.fixture
def picture() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (343, 619, 3), np.uint8)


@pytest.mark.parametrize(("tile", "scale"), [(320, 4), (336, 2), (512, 2)])
def test_tiled_is_whole_for_a_network_that_sees_less_than_the_overlap(
    picture: Pixels, scale: int, tile: int
) -> None:
    engine = Blur(scale)
    tiled = NetworkRestorer(engine, tile, keep_mean=False).restore(picture)
    assert engine.largest <= tile
    whole = NetworkRestorer(engine, None, keep_mean=False).restore(picture)
    assert np.abs(tiled.astype(int) - whole).max() <= 1  # float32 sums in another order


def test_tiles_of_different_brightness_leave_no_edge() -> None:
    """The worst a network can do to a seam: its answer differs from tile to tile."""

    class Alternating:
        scale = 2
        bytes_per_pixel = 1
        calls = 0

        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            self.calls += 1
            shape = (1, 3, 2 * lq.shape[2], 2 * lq.shape[3])
            return np.full(shape, 0.4 + 0.2 * (self.calls % 2), np.float32)

    sr = (
        NetworkRestorer(Alternating(), 320, keep_mean=False)
        .restore(np.zeros((32, 800, 3), np.uint8))
        .astype(int)
    )
    assert sr.max() - sr.min() == 51
    assert np.abs(np.diff(sr, axis=1)).max() <= 2  # 51 levels over 32 output pixels


def test_values_that_are_not_finite_are_computed_again_in_full_precision(picture: Pixels) -> None:
    class Overflowing(Blur):
        overflows = 0

        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            sr = super().run(lq)
            if not full_precision and lq[0, 0, 0, 0] > 0.5:
                self.overflows += 1
                sr[0, 1, 3, 3] = np.inf
            return sr

    engine = Overflowing(2)
    restoration = NetworkRestorer(engine, 320).run(picture)
    whole = NetworkRestorer(Blur(2), 320).restore(picture)
    np.testing.assert_array_equal(restoration.samples, whole)
    assert restoration.full_precision_tiles == engine.overflows > 0


@pytest.mark.parametrize(
    ("error", "tile"), [(MemoryError(), None), (MemoryLimitError("full"), 512)]
)
def test_out_of_memory_the_tile_is_halved(
    picture: Pixels, error: Exception, tile: int | None
) -> None:
    class Small(Blur):
        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            if max(lq.shape[2:]) > 320:
                raise error
            return super().run(lq)

    restoration = NetworkRestorer(Small(2), tile, keep_mean=False).run(picture)
    assert restoration.tile == 320
    whole = NetworkRestorer(Blur(2), None, keep_mean=False).restore(picture)
    assert np.abs(restoration.samples.astype(int) - whole).max() <= 1


def test_out_of_memory_with_the_smallest_tile_is_told(picture: Pixels) -> None:
    class Full(Blur):
        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            raise MemoryError

    with pytest.raises(MemoryLimitError, match="not enough memory for a result of 1238x686"):
        NetworkRestorer(Full(2)).restore(picture)


def test_mean_colour_of_the_input_is_kept(picture: Pixels) -> None:
    class Drifting(Blur):
        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            drift = np.array([0.02, -0.01, 0.0], np.float32)[:, None, None]
            return super().run(lq) * np.float32(0.5) + np.float32(0.25) + drift

    sr = NetworkRestorer(Drifting(2), None).restore(picture)
    np.testing.assert_allclose(sr.mean((0, 1)), picture.mean((0, 1)), atol=0.1)
    drifted = NetworkRestorer(Drifting(2), None, keep_mean=False).restore(picture)
    assert np.abs(drifted.mean((0, 1)) - picture.mean((0, 1))).max() > 3


def test_sixteen_bits_keep_their_steps() -> None:
    ramp = np.arange(3000, 3000 + 40 * 40, dtype=np.uint16).reshape(40, 40, 1).repeat(3, 2)

    class Same(Blur):
        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            return lq

    sr = NetworkRestorer(Same(1)).restore(ramp)
    assert sr.dtype == np.uint16
    np.testing.assert_array_equal(sr, ramp)


def test_real_network_agrees_within_50_db(photo: Pixels, tiny_weights: Path) -> None:
    engine, wide = TorchEngine(read(tiny_weights), "cpu"), np.hstack([photo, photo[:, ::-1]])
    tiled = NetworkRestorer(engine, 320).restore(wide)
    whole = NetworkRestorer(engine, None).restore(wide)
    mse = np.square(tiled.astype(float) - whole).mean()
    assert 10 * np.log10(255**2 / mse) > 50


def test_progress_counts_every_tile(picture: Pixels) -> None:
    seen: list[tuple[int, int]] = []
    NetworkRestorer(Blur(2), 352).restore(picture, lambda *state: seen.append(state))
    assert seen == [(1, 2), (2, 2)]


def test_values_beyond_white_and_black_are_clamped() -> None:
    class Extreme:
        scale = 2
        bytes_per_pixel = 1

        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            return np.where(lq.repeat(2, 2).repeat(2, 3) > 0.5, 9.0, -9.0).astype(np.float32)

    lq = np.array([[[0, 255, 0]]], np.uint8)
    assert NetworkRestorer(Extreme(), keep_mean=False).restore(lq)[0, 0].tolist() == [0, 255, 0]


def test_nan_is_never_a_picture() -> None:
    class Broken:
        scale = 2
        bytes_per_pixel = 1

        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            return np.full((1, 3, 2 * lq.shape[2], 2 * lq.shape[3]), np.nan, np.float32)

    with pytest.raises(JCARSRError, match="not finite"):
        NetworkRestorer(Broken()).restore(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (17, 23)])
def test_smallest_and_odd_pictures(size: tuple[int, int], tiny_weights: Path) -> None:
    restorer = NetworkRestorer(TorchEngine(read(tiny_weights), "cpu"))
    sr = restorer.restore(np.zeros((*size, 3), np.uint8))
    assert sr.shape == (2 * size[0], 2 * size[1], 3)
