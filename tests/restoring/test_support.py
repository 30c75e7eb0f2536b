import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from jcarsr.image import Picture, ReadOptions, decode
from jcarsr.pixels import Pixels
from jcarsr.restoring.strength import enlarge
from jcarsr.restoring.support import SupportOf


def decoded(pixels: Pixels, options: ReadOptions = ReadOptions(), **save: object) -> Picture:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, **{"format": "JPEG", "quality": 40, **save})  # type: ignore[arg-type]
    picture = decode(io.BytesIO(file.getvalue()), options)
    assert isinstance(picture, Picture)
    return picture


def test_bicubic_enlargement_is_nearly_supported_and_noise_is_not(photo: Pixels) -> None:
    picture = decoded(photo)
    plain = enlarge(picture, 384, 512)
    found = SupportOf(plain, picture).support
    assert found is not None
    assert found.outside < 0.001
    noise = np.random.default_rng(0).integers(0, 256, (384, 512, 3), np.uint8)
    other = SupportOf(Picture(noise), picture)
    assert other.support is not None
    assert other.support.outside > 0.1
    assert other.shares is not None
    assert other.shares.shape == (24, 32)


def test_grey_and_turned_pictures_have_it_too(photo: Pixels) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for pixels in (photo, photo[..., 1]):
        picture = decoded(pixels, exif=exif)
        assert picture.orientation == 6
        found = SupportOf(replace(picture, jpeg=None), picture).support
        assert found is not None
        assert found.outside == 0


def test_without_a_whole_jpeg_there_is_none(photo: Pixels) -> None:
    picture = decoded(photo)
    small = enlarge(picture, 100, 300)
    assert SupportOf(small, picture).support is None
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG")
    cut = decode(io.BytesIO(file.getvalue()[:-900]), ReadOptions(salvage=True))
    png = decoded(photo, format="PNG")
    assert isinstance(cut, Picture)
    for other in (cut, png, Picture(photo)):
        assert other.jpeg is None
        assert SupportOf(other, other).support is None
        assert SupportOf(other, other).shares is None


@pytest.mark.parametrize("size", [(7, 9), (9, 40)])
def test_pictures_of_less_than_a_block_do_not_fail(photo: Pixels, size: tuple[int, int]) -> None:
    picture = decoded(np.ascontiguousarray(photo[: size[0], : size[1]]))
    found = SupportOf(picture, picture).support
    assert (found is None) == (size == (7, 9))
