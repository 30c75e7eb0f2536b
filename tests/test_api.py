from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import jcarsr
from jcarsr import ImageError
from jcarsr.pixels import Pixels


def test_path_image_and_pixels_give_the_same(
    tmp_path: Path, photo: Pixels, tiny_weights: Path
) -> None:
    Image.fromarray(photo).save(tmp_path / "a.png")
    results = [
        np.asarray(jcarsr.restore(given, weights=str(tiny_weights)))
        for given in (tmp_path / "a.png", str(tmp_path / "a.png"), Image.fromarray(photo), photo)
    ]
    assert results[0].shape == (384, 512, 3)
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


def test_file_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.jpg: no such file"):
        jcarsr.restore(tmp_path / "none.jpg")


def test_pixels_of_another_form_are_refused(photo: Pixels) -> None:
    with pytest.raises(ValueError, match=r"got \(192, 256\) uint8"):
        jcarsr.restore(photo[..., 0])


def test_wrong_tile_is_refused_when_loading(tiny_weights: Path) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        jcarsr.load(str(tiny_weights), tile=100)


def test_threads_do_not_mix_pictures(photo: Pixels, tiny_weights: Path) -> None:
    restorer = jcarsr.load(str(tiny_weights), tile=128)
    pictures = [np.roll(photo, 8 * shift, axis=0) for shift in range(8)]
    alone = [restorer.restore(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(restorer.restore, pictures))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)
