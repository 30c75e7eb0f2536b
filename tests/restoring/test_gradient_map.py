import numpy as np
from skimage.filters import sobel

from jcarsr import NetworkRestorer, Picture
from jcarsr.pixels import Pixels, Planes
from jcarsr.restoring.gradient_map import gradient_map
from jcarsr.restoring.networks import Networks


def test_map_is_stretched_to_white_in_16_bits() -> None:
    class Weak:
        scale = 2
        bytes_per_pixel = 1

        def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
            del full_precision
            return lq.repeat(2, 2).repeat(2, 3) * np.float32(0.01)

    ramp = np.repeat(np.arange(0, 250, 5, dtype=np.uint8)[None, :, None], 3, axis=2)
    ramp = np.repeat(ramp, 20, axis=0)
    result = gradient_map(Picture(ramp, orientation=6), NetworkRestorer(Weak(), keep_mean=False))
    assert result.orientation == 6
    assert result.samples.max() == 255
    assert len(np.unique(result.samples)) == 50  # weak edges keep their steps


def test_trained_branch_finds_the_edges(photo: Pixels) -> None:
    result = gradient_map(Picture(photo), Networks().gradient(2))
    truth = sobel(photo.mean(2) / 255).repeat(2, 0).repeat(2, 1)
    found = result.samples.mean(2)
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.6
