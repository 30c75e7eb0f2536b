import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from jcarsr.image import Picture
from jcarsr.methods.bicubic import Bicubic
from jcarsr.pixels import Pixels, Samples
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.strength import apply_strength, blend, enlarge
from jcarsr.restoring.target import Target
from jcarsr.restoring.transparency import fill_hidden


def noise(*shape: int, dtype: type = np.uint8) -> Samples:
    top = np.iinfo(dtype).max
    return np.random.default_rng(1).integers(0, top, shape, dtype, endpoint=True)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_zero_is_the_projects_bicubic_and_one_the_restored(photo: Pixels, scale: int) -> None:
    lq = photo[:50, :41]
    restored = Picture(noise(50 * scale, 41 * scale, 3))
    plain = apply_strength(restored, Picture(lq), 0.0)
    np.testing.assert_array_equal(plain.samples, Bicubic(scale).restore(lq))
    assert apply_strength(restored, Picture(lq), 1.0) is restored


def test_between_them_is_their_mix(photo: Pixels) -> None:
    restored = Picture(noise(300, 290, 3))
    plain = enlarge(Picture(photo), 300, 290).samples.astype(float)
    ours = apply_strength(restored, Picture(photo), 0.3).samples
    expected = 0.7 * plain + 0.3 * restored.samples
    assert np.abs(ours - expected).max() <= 0.5 + 1e-9


def test_sixteen_bits_keep_their_precision() -> None:
    deep, restored = noise(9, 7, 3, dtype=np.uint16), noise(18, 14, 3, dtype=np.uint16)
    ours = apply_strength(Picture(restored), Picture(deep), 0.25).samples
    assert ours.dtype == np.uint16
    plain = enlarge(Picture(deep), 18, 14).samples
    np.testing.assert_allclose(ours, 0.75 * plain + 0.25 * restored, atol=0.5)


def test_grey_stays_grey(photo: Pixels) -> None:
    grey = np.repeat(photo[..., :1], 3, axis=2)
    restored = np.repeat(noise(384, 512, 1), 3, axis=2)
    ours = apply_strength(Picture(restored, grey=True), Picture(grey, grey=True), 0.5)
    assert ours.grey
    assert (ours.samples == ours.samples[..., :1]).all()
    np.testing.assert_array_equal(
        apply_strength(Picture(restored, grey=True), Picture(grey, grey=True), 0).samples,
        Bicubic(2).restore(grey),
    )


def test_transparency_is_mixed_and_hidden_colours_do_not_bleed() -> None:
    alpha = np.zeros((20, 20), np.uint8)
    alpha[5:15, 5:15] = 255
    samples = np.where(alpha[..., None] > 0, (220, 20, 30), (0, 255, 0)).astype(np.uint8)
    restored = Picture(np.full((40, 40, 3), 90, np.uint8), np.full((40, 40), 100, np.uint8))
    plain = apply_strength(restored, Picture(samples, alpha), 0.0)
    np.testing.assert_array_equal(plain.samples, Bicubic(2).restore(fill_hidden(samples, alpha)))
    assert plain.alpha is not None
    np.testing.assert_array_equal(
        plain.alpha, Bicubic(2).restore(np.repeat(alpha[..., None], 3, 2))[..., 0]
    )
    half = apply_strength(restored, Picture(samples, alpha), 0.5)
    assert half.alpha is not None
    np.testing.assert_allclose(half.alpha, (plain.alpha + 100.0) / 2, atol=0.5)


def test_blend_ends_at_both_pictures() -> None:
    first, second = noise(5, 5, 3, dtype=np.uint16), noise(5, 5, 3, dtype=np.uint16)[::-1]
    np.testing.assert_array_equal(blend(first, second, 0), first)
    np.testing.assert_array_equal(blend(first, second, 1), second)


def test_blend_takes_little_more_than_its_result() -> None:
    """Peak of numpy's memory, which `tracemalloc` counts; floats of the whole would be 24 times."""
    first = noise(2_000, 1_000, 3)
    second = first[::-1].copy()
    tracemalloc.start()
    mixed = blend(first, second, 0.3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * mixed.nbytes
    np.testing.assert_array_equal(mixed, np.rint(first + 0.3 * (second.astype(float) - first)))


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match=r"^strength must be from 0 to 1, got "):
        Settings(target=Target(scale=2), strength=strength)


def test_ledgers_know_it_only_where_it_is_used() -> None:
    plain = Settings(target=Target(scale=2))
    assert "strength" not in plain.as_text((1, 2))
    assert '"strength": 0.5' in replace(plain, strength=0.5).as_text((1, 2))
