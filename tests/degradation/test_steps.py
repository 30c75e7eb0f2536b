import io

import numpy as np
import pytest
from PIL import Image, ImageFilter, JpegPresets

from jcarsr.degradation.steps import (
    Jpeg,
    Modern,
    Photoshop,
    Png,
    Resize,
    Sharpen,
)
from jcarsr.degradation.words import parse_step
from jcarsr.jpeg.mozjpeg import mozjpeg_table
from jcarsr.pixels import Pixels


def saved(pixels: Pixels, format: str, **options: object) -> Pixels:
    """By Pillow, with its own names for everything."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return np.array(Image.open(file).convert("RGB"))


def test_jpeg_is_pillows(photo: Pixels) -> None:
    expected = saved(photo, "JPEG", quality=35, subsampling="4:2:2")
    np.testing.assert_array_equal(parse_step("jpeg35/422")(photo), expected)  # pyright: ignore


def test_tables_of_other_encoders(photo: Pixels) -> None:
    moz = saved(photo, "JPEG", qtables=[list(mozjpeg_table(40))] * 2, subsampling="4:2:0")
    np.testing.assert_array_equal(Jpeg(qf=40, tables="mozjpeg")(photo), moz)
    for preset in ("web_low", "high"):
        expected = saved(photo, "JPEG", **JpegPresets.presets[preset] | {"quality": preset})
        np.testing.assert_array_equal(Photoshop(preset=preset)(photo), expected)  # pyright: ignore


def test_modern_formats_are_pillows(photo: Pixels) -> None:
    webp = saved(photo, "WEBP", quality=50, method=2)
    np.testing.assert_array_equal(Modern(format="webp", quality=50)(photo), webp)
    avif = saved(photo, "AVIF", quality=50, speed=8, max_threads=1)
    np.testing.assert_array_equal(Modern(format="avif", quality=50)(photo), avif)


def test_shift_moves_the_block_grid() -> None:
    """An edge between two blocks stays an edge of two colours; within a block it rings."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, 32:] = 200
    colours = [
        len(np.unique(Jpeg(qf=10, subsampling="4:4:4", shift=(0, x))(pixels)))
        for x in (0, 8, 16, 4)
    ]
    assert colours[:3] == [2, 2, 2]
    assert colours[3] > 2


def test_shifted_save_is_that_of_a_larger_picture(photo: Pixels) -> None:
    whole = saved(np.pad(photo, ((5, 0), (3, 0), (0, 0)), "edge"), "JPEG", quality=20)
    np.testing.assert_array_equal(Jpeg(qf=20, shift=(5, 3))(photo), whole[5:, 3:])


def test_png_changes_nothing(photo: Pixels) -> None:
    np.testing.assert_array_equal(Png()(photo), photo)


@pytest.mark.parametrize("name", ["box", "bilinear", "bicubic", "lanczos"])
def test_resize_takes_pillows_filter(photo: Pixels, name: str) -> None:
    step = parse_step("resize0.5" + ("" if name == "bicubic" else f"/{name}"))
    assert isinstance(step, Resize)
    assert step.size_before((96, 128)) == (192, 256)
    expected = Image.fromarray(photo).resize((128, 96), Image.Resampling[name.upper()])
    np.testing.assert_array_equal(step.resize(photo, (96, 128)), np.asarray(expected))


def test_sharpen_is_an_unsharp_mask(photo: Pixels) -> None:
    expected = Image.fromarray(photo).filter(ImageFilter.UnsharpMask(1, 80, 0))
    np.testing.assert_array_equal(Sharpen(percent=80)(photo), np.asarray(expected))


@pytest.mark.parametrize(
    ("word", "format", "qf"),
    [
        ("jpeg35/422", "JPEG", 35),
        ("jpeg35/mozjpeg", "JPEG", 35),
        ("photoshop/web_low", "JPEG", None),
        ("webp50", "WEBP", None),
        ("png", "PNG", None),
        ("sharpen50", "PNG", None),
    ],
)
def test_last_save_is_what_a_file_of_it_says(
    photo: Pixels, word: str, format: str, qf: int | None
) -> None:
    last = parse_step(word).last_save
    assert last.format == format
    if word == "jpeg35/mozjpeg":
        assert last.luma == mozjpeg_table(35)
    elif qf is not None:
        assert last.qf == qf
    assert (last.luma is not None) == (format == "JPEG")
