"""Pictures whose history the test makes with Pillow alone."""

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw

from jcarsr.jpeg.earlier_save import EarlierSave, find_earlier_save
from jcarsr.jpeg.last_save import LastSave, last_save_of
from jcarsr.pixels import Pixels


@pytest.fixture(scope="module")
def clean() -> Pixels:
    """A photograph without any traces: shrunk to a third."""
    image = Image.fromarray(skimage.data.astronaut())
    return np.array(image.resize((250, 240), Image.Resampling.LANCZOS))


def saved(pixels: Pixels, **options: object) -> tuple[Pixels, LastSave]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **options)
    with Image.open(file) as image:
        return np.array(image.convert("RGB")), last_save_of(image)


def judged(pixels: Pixels, **options: object) -> EarlierSave | None:
    return find_earlier_save(*saved(pixels, **options))


@pytest.mark.parametrize(
    ("first", "last", "cut"),
    [(20, 90, (4, 4)), (40, 90, (1, 6)), (20, 75, (3, 0)), (10, 60, (7, 7)), (60, 95, (0, 5))],
)
def test_a_save_before_a_cut_is_found(
    clean: Pixels, first: int, last: int, cut: tuple[int, int]
) -> None:
    once, _ = saved(clean, quality=first)
    found = judged(once[cut[0] :, cut[1] :], quality=last)
    assert found is not None
    assert found.shift == cut
    assert found.moved
    assert found.qf is not None and abs(found.qf - first) <= 2


@pytest.mark.parametrize("chroma", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize("quality", [5, 10, 30, 50, 75, 90, 98, "web_low", "maximum"])
def test_none_is_seen_after_a_single_save(clean: Pixels, quality: int | str, chroma: str) -> None:
    options = (
        {"quality": quality}
        if isinstance(quality, str)
        else {"quality": quality, "subsampling": chroma}
    )
    assert judged(clean, **options) is None


def test_a_screenshot_tells_where_it_was_cut(clean: Pixels) -> None:
    once, _ = saved(clean, quality=30)
    found = find_earlier_save(once[3:, 5:], LastSave(format="PNG"))
    assert found is not None and found.shift == (3, 5)
    assert found.qf is not None and abs(found.qf - 30) <= 2
    whole = find_earlier_save(once, LastSave(format="PNG"))
    assert whole is not None and whole.shift == (0, 0) and not whole.moved


def test_two_saves_on_one_grid_are_found_as_such(clean: Pixels) -> None:
    once, _ = saved(clean, quality=20)
    found = judged(once, quality=90)
    assert found is not None and found.shift == (0, 0) and not found.moved
    assert found.qf is not None and abs(found.qf - 20) <= 2


def test_a_milder_earlier_save_is_not_claimed(clean: Pixels) -> None:
    once, _ = saved(clean, quality=90)
    assert judged(once[4:, 4:], quality=30) is None


@pytest.mark.parametrize("ratio", [1.5, 2, 3])
def test_enlarging_is_no_save(clean: Pixels, ratio: float) -> None:
    larger = Image.fromarray(clean).resize((int(250 * ratio), int(240 * ratio)))
    assert find_earlier_save(np.array(larger), LastSave(format="PNG")) is None


def text() -> Pixels:
    image = Image.new("RGB", (400, 240), "white")
    draw = ImageDraw.Draw(image)
    words = ["The", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "nine"]
    for row in range(14):
        line = " ".join(words[(5 * row + 3 * k) % len(words)] for k in range(13))
        draw.text((10, 17 * row + 3), line, "black")
    return np.array(image)


def stripes() -> Pixels:
    pixels = np.zeros((160, 160, 3), np.uint8)
    pixels[:, ::8] = 255
    pixels[::8] = 255
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [
        text(),
        np.full((100, 100, 3), 200, np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((8, 300, 3), np.uint8),
        np.tile(np.arange(200, dtype=np.uint8)[:, None, None], (1, 200, 3)),
        np.random.default_rng(0).integers(0, 256, (150, 150, 3), np.uint8),
    ],
    ids=["text", "flat", "pixel", "line", "ramp", "noise"],
)
@pytest.mark.parametrize("quality", [None, 20, 90])
def test_graphics_and_odd_sizes_have_no_earlier_save(pixels: Pixels, quality: int | None) -> None:
    if quality is None:
        assert find_earlier_save(pixels, LastSave(format="PNG")) is None
    else:
        assert judged(pixels, quality=quality) is None


def test_a_drawn_grid_of_eight_pixels_is_no_save() -> None:
    assert find_earlier_save(stripes(), LastSave(format="PNG")) is None


def test_grey_pictures_are_judged_alike(clean: Pixels) -> None:
    grey = Image.fromarray(clean).convert("L")
    file = io.BytesIO()
    grey.save(file, "JPEG", quality=25)
    once = np.array(Image.open(file))[2:, 7:]
    file = io.BytesIO()
    Image.fromarray(once).save(file, "JPEG", quality=92)
    with Image.open(file) as image:
        last, pixels = last_save_of(image), np.array(image.convert("RGB"))
    found = find_earlier_save(pixels, last)
    assert found is not None and found.shift == (2, 7)


def test_a_large_picture_is_judged_by_samples() -> None:
    original = np.tile(skimage.data.astronaut(), (2, 2, 1))
    once, _ = saved(original, quality=20)
    found = judged(once[4:, 2:], quality=90)
    assert found is not None and found.shift == (4, 2)


def test_words_say_quality_and_place() -> None:
    found = EarlierSave(shift=(3, 5), qf=20, evidence=9.0)
    place = "its block grid shifted by 3 and 5 pixels"
    assert str(found) == f"an earlier JPEG save of quality 20 or so, {place}"
    assert str(EarlierSave(shift=(0, 0), qf=None, evidence=9)) == (
        "an earlier JPEG save, on the same block grid"
    )


def test_last_save_is_what_the_header_says(clean: Pixels) -> None:
    _, last = saved(clean, quality=50)
    assert (last.format, last.qf) == ("JPEG", 50)
    assert last.luma is not None and last.luma[:3] == (16, 11, 10)  # T.81, table K.1
    assert last_save_of(Image.new("RGB", (3, 3))) == LastSave()
