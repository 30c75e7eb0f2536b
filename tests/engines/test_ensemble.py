import numpy as np

from jcarsr.engines.ensemble import Ensemble
from jcarsr.pixels import Pixels, Planes
from jcarsr.restoring.networks import Networks


class Enlarging:
    """Repeats pixels; `skew` is a wrong that depends on the direction: a ramp to the right."""

    scale = 2
    bytes_per_pixel = 7

    def __init__(self, skew: float) -> None:
        self.skew, self.calls = skew, list[bool]()

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        self.calls.append(full_precision)
        ramp = np.linspace(-self.skew, self.skew, 2 * lq.shape[3], dtype=np.float32)
        return lq.repeat(2, 2).repeat(2, 3) + ramp


def test_what_does_not_depend_on_direction_stays() -> None:
    lq = np.random.default_rng(0).random((1, 3, 5, 8), np.float32)
    engine = Enlarging(0)
    ensemble = Ensemble(engine)
    np.testing.assert_allclose(ensemble.run(lq), engine.run(lq), atol=1e-6)
    assert (ensemble.scale, ensemble.bytes_per_pixel) == (2, 7)


def test_wrongs_that_depend_on_direction_cancel() -> None:
    lq = np.random.default_rng(0).random((1, 3, 5, 8), np.float32)
    engine = Enlarging(0.5)
    truth = lq.repeat(2, 2).repeat(2, 3)
    assert abs(engine.run(lq) - truth).max() > 0.4
    np.testing.assert_allclose(Ensemble(engine).run(lq, full_precision=True), truth, atol=1e-6)
    assert engine.calls == [False] + [True] * 8


def test_result_turns_with_the_input(photo: Pixels) -> None:
    restorer = Networks("jcarsr-lite-x2", ensemble=True).restorer(2)
    small = np.ascontiguousarray(photo[:32, :24])
    turned = restorer.restore(np.ascontiguousarray(np.rot90(small))).astype(int)
    assert abs(np.rot90(turned, -1) - restorer.restore(small)).max() <= 1  # of rounding


def test_tables_turn_with_the_picture() -> None:
    """A row of steps belongs to vertical frequencies, which a quarter turn makes horizontal."""
    seen: list[tuple[int, bool]] = []

    class Reader:
        scale = 1
        bytes_per_pixel = 1

        def run(self, lq: Planes, *, full_precision: bool = False, tables: Planes) -> Planes:
            seen.append((lq.shape[3], bool(tables[0, 0, 7, 0] == 5)))
            return lq

    tables = np.ones((1, 2, 8, 8), np.float32)
    tables[0, 0, 7, 0] = 5
    Ensemble(Reader()).run(np.zeros((1, 3, 4, 6), np.float32), tables=tables)
    assert sorted(set(seen)) == [(4, False), (6, True)]
