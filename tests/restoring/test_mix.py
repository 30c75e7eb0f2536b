import numpy as np
import pytest
from PIL import Image

from jcarsr import NetworkRestorer
from jcarsr.image import Picture
from jcarsr.pixels import Pixels, Planes
from jcarsr.restoring.compose import compose
from jcarsr.restoring.mix import Mix, compose_mix
from jcarsr.restoring.strength import enlarge


class Shifted:
    """Enlarges by repetition, some levels brighter, and counts."""

    scale = 2
    bytes_per_pixel = 1

    def __init__(self, levels: int) -> None:
        self.levels, self.runs = levels, 0

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        del full_precision
        self.runs += 1
        return lq.repeat(2, 2).repeat(2, 3) + np.float32(self.levels / 255)


def restorer(engine: Shifted) -> NetworkRestorer:
    return NetworkRestorer(engine, keep_mean=False)


@pytest.fixture
def picture(photo: Pixels) -> Picture:
    return Picture((photo[:40, :30] // 2 + 20).astype(np.uint8))


def make_mixed(picture: Picture, share: float, strength: float = 1.0, **more: bool):
    faithful, crisp = Shifted(0), Shifted(40)
    mix = Mix(faithful=restorer(faithful), crisp=restorer(crisp), share=share, strength=strength)
    return compose_mix(picture, mix, None, **more), (faithful.runs, crisp.runs)


def test_without_a_crisp_network_it_is_the_faithful_picture(picture: Picture) -> None:
    engine = Shifted(3)
    result = compose_mix(picture, Mix(faithful=restorer(engine)))
    expected = compose(picture, restorer(Shifted(3))).picture
    np.testing.assert_array_equal(result.composed.picture.samples, expected.samples)
    assert result.faithful is result.composed.picture
    assert engine.runs == 1


@pytest.mark.parametrize(("share", "levels"), [(0.25, 10), (0.5, 20), (1.0, 40)])
def test_both_networks_run_once_and_are_mixed(picture: Picture, share: float, levels: int) -> None:
    result, runs = make_mixed(picture, share)
    plain = picture.samples.repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(result.composed.picture.samples, plain + levels)
    assert runs == ((0, 1) if share == 1 else (1, 1))
    kept, runs = make_mixed(picture, share, keep_faithful=True)
    assert kept.faithful is not None
    np.testing.assert_array_equal(kept.faithful.samples, plain)
    assert runs == (1, 1)


def test_strength_comes_after_the_mix(picture: Picture) -> None:
    result, _ = make_mixed(picture, 0.5, 0.25)
    mixed = picture.samples.repeat(2, 0).repeat(2, 1) + 20.0
    plain = enlarge(picture, 80, 60).samples
    np.testing.assert_allclose(
        result.composed.picture.samples, 0.25 * mixed + 0.75 * plain, atol=0.5
    )


def test_transparency_is_mixed_too(picture: Picture) -> None:
    alpha = np.asarray(Image.linear_gradient("L").resize((30, 40))) // 2 + 40
    result, runs = make_mixed(Picture(picture.samples, alpha.astype(np.uint8)), 0.5)
    assert runs == (2, 2)  # the colours' and the transparency's
    assert result.composed.picture.alpha is not None
    np.testing.assert_array_equal(
        result.composed.picture.alpha, alpha.repeat(2, 0).repeat(2, 1) + 20
    )
