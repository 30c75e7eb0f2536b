"""Tests of how PNGs are compressed."""

from __future__ import annotations

import io
import zlib

import numpy as np
from PIL import Image

from jcarsr.image import Picture
from jcarsr.image.encode import encode_picture
from jcarsr.pixels import Pixels


def restored(photo: Pixels) -> Pixels:
    """The photograph twice as large, smooth as restored ones are."""
    image = Image.fromarray(photo)
    return np.asarray(image.resize((2 * image.width, 2 * image.height), Image.Resampling.BICUBIC))


def test_photographs_are_hardly_larger_than_pillow_makes_them(photo: Pixels) -> None:
    pixels = restored(photo)
    data, _ = encode_picture(Picture(pixels), "png")
    assert (np.asarray(Image.open(io.BytesIO(data))) == pixels).all()
    plain = io.BytesIO()
    Image.fromarray(pixels).save(plain, "PNG")
    assert len(data) < 1.06 * len(plain.getvalue())


def test_nothing_is_searched_but_runs_of_one_byte() -> None:
    """Noise that comes again after 32 rows takes twice the room of the noise."""
    noise = np.random.default_rng(0).integers(0, 256, (32, 100, 3)).astype(np.uint8)
    once, _ = encode_picture(Picture(noise), "png")
    twice, _ = encode_picture(Picture(np.concatenate((noise, noise))), "png")
    assert len(twice) > 1.9 * len(once)
    assert len(zlib.compress(noise.tobytes() * 2)) < 1.1 * len(zlib.compress(noise.tobytes()))
