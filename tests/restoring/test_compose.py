import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from jcarsr import NetworkRestorer, Picture
from jcarsr.pixels import Pixels, Planes
from jcarsr.restoring.compose import compose, shrink


class Repeat:
    """Enlarges by repetition, a little off as real networks are."""

    bytes_per_pixel = 1

    def __init__(self, scale: int = 2, off: float = 0.0) -> None:
        self.scale, self.off = scale, off

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        del full_precision
        return lq.repeat(self.scale, 2).repeat(self.scale, 3) + np.float32(self.off)


class Soft(Repeat):
    """Enlarges bilinearly: neighbours bleed into each other, as in every real network."""

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        size = (lq.shape[3] * self.scale, lq.shape[2] * self.scale)
        planes = [Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR) for plane in lq[0]]
        return np.stack([np.asarray(plane) for plane in planes])[None]


def disc(size: int = 40, radius: int = 12) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size // 2
    return np.where(x * x + y * y < radius * radius, 255, 0).astype(np.uint8)


def test_transparent_edges_have_no_halo_of_hidden_colours() -> None:
    """A red disc whose transparent surroundings hide green: no green may be seen on any ground."""
    alpha = disc()
    samples = np.where(alpha[..., None] > 0, (220, 20, 30), (0, 255, 0)).astype(np.uint8)
    result = compose(Picture(samples, alpha), NetworkRestorer(Soft())).picture
    assert result.alpha is not None
    assert 0 < np.mean((result.alpha > 0) & (result.alpha < 255)) < 0.2  # a soft edge
    visible = result.samples[result.alpha > 0].astype(int)
    np.testing.assert_array_equal(visible, np.broadcast_to((220, 20, 30), visible.shape))


def test_empty_and_opaque_areas_stay_exactly_so() -> None:
    alpha = disc()
    samples = np.full((40, 40, 3), 90, np.uint8)
    result = compose(
        Picture(samples, alpha), NetworkRestorer(Repeat(off=0.02), keep_mean=False)
    ).picture
    assert result.alpha is not None
    assert result.alpha[0, 0] == 0
    assert result.alpha[40, 40] == 255


def test_grey_stays_grey(photo: Pixels) -> None:
    class Tinted(Repeat):
        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            tint = np.array([0.1, 0.0, -0.1], np.float32)[:, None, None]
            return super().run(lq, full_precision=full_precision) + tint

    grey = np.repeat(photo[..., 1:2].clip(30, 220), 3, axis=2)
    result = compose(Picture(grey, grey=True), NetworkRestorer(Tinted(), keep_mean=False)).picture
    assert result.grey
    np.testing.assert_array_equal(result.samples, grey.repeat(2, 0).repeat(2, 1))


def test_sixteen_bits_pass_through() -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (20, 30, 3)).astype(np.uint16)
    result = compose(Picture(deep), NetworkRestorer(Repeat())).picture
    np.testing.assert_array_equal(result.samples, deep.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("orientation", [1, 6])
def test_exact_size_is_that_of_the_upright_picture(photo: Pixels, orientation: int) -> None:
    picture = Picture(photo, orientation=orientation)
    result = compose(picture, NetworkRestorer(Repeat()), (300, 225)).picture
    assert result.size == (300, 225)


def test_shrinking_is_pillows_bicubic(photo: Pixels) -> None:
    ours = shrink(photo, (150, 110))
    pillows = np.asarray(Image.fromarray(photo).resize((150, 110), Image.Resampling.BICUBIC))
    assert peak_signal_noise_ratio(pillows, ours) > 52  # Pillow rounds between its two passes


def test_progress_counts_the_alpha_too() -> None:
    seen: list[tuple[int, int]] = []
    picture = Picture(np.zeros((150, 400, 3), np.uint8), disc(400)[:150])
    compose(picture, NetworkRestorer(Repeat(), 320), None, lambda *state: seen.append(state))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
