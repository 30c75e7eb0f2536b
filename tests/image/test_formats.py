from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import FORMATS, Animation, Format, Metadata, Picture, check_format, save
from jcarsr.image.formats import MEDIA_TYPES, format_of, media_type_of

MOVING = Animation((12, 10), (50.0, 50.0), 0, Metadata(), lambda: iter(()))


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.jpg", "jpg"),
        ("a.JPEG", "jpg"),
        ("a.jfif", "jpg"),
        ("a.tif", "tiff"),
        ("a.apng", "png"),
        ("a.b.webp", "webp"),
        ("a.avif", "avif"),
        ("a.gif", None),
        ("a", None),
        (".png", None),
    ],
)
def test_format_of(name: str, format: str | None) -> None:
    assert format_of(Path(name)) == format


def test_every_format_is_in_the_tables() -> None:
    assert get_args(Format) == tuple(FORMATS) == tuple(MEDIA_TYPES)


def test_media_types_are_pillows() -> None:
    Image.init()
    assert {FORMATS[name]: kind for name, kind in MEDIA_TYPES.items()} == {
        name: Image.MIME[name] for name in FORMATS.values()
    }


def test_name_of_no_format_has_no_media_type() -> None:
    with pytest.raises(ValueError, match=r"a\.gif is of no known format"):
        media_type_of(Path("a.gif"))


class TestCheckFormat:
    STILL = Picture(np.zeros((2, 2, 3), np.uint8))
    CLEAR = Picture(np.zeros((2, 2, 3), np.uint8), alpha=np.zeros((2, 2), np.uint8))

    @pytest.mark.parametrize(
        ("picture", "size", "format", "message"),
        [
            (MOVING, (9, 9), "jpg", "an animation, .*choose png, webp or avif"),
            (MOVING, (9, 9), "tiff", "an animation, .* or first_frame=True"),
            (CLEAR, (9, 9), "jpg", "has transparency, .*: choose png, webp or avif"),
            (STILL, (65_501, 9), "jpg", "65501x9 is more than jpg can hold .*: choose png or tiff"),
            (STILL, (9, 16_384), "webp", "9x16384 is more than webp can hold "),
            (STILL, (9, 65_536), "avif", "9x65536 is more than avif can hold "),
        ],
    )
    def test_refused(
        self, picture: Picture | Animation, size: tuple[int, int], format: str, message: str
    ) -> None:
        with pytest.raises(ImageError, match=f"^{message}"):
            check_format(picture, size, format)

    @pytest.mark.parametrize(
        ("picture", "size", "format"),
        [
            (MOVING, (9, 9), "png"),
            (MOVING, (9, 9), "webp"),
            (MOVING, (9, 9), "avif"),
            (CLEAR, (9, 9), "tiff"),
            (CLEAR, (9, 9), "avif"),
            (STILL, (65_500, 9), "jpg"),
            (STILL, (9, 16_383), "webp"),
            (STILL, (9, 100_000), "png"),
        ],
    )
    def test_taken(self, picture: Picture | Animation, size: tuple[int, int], format: str) -> None:
        check_format(picture, size, format)

    @pytest.mark.parametrize(("format", "side"), [("jpg", 65_500), ("webp", 16_383)])
    def test_longest_side_is_the_encoders(self, tmp_path: Path, format: str, side: int) -> None:
        line = Image.new("L", (side, 1))
        line.save(tmp_path / f"a.{format}")
        with pytest.raises((OSError, ValueError)):
            line.resize((side + 40, 1)).save(tmp_path / f"b.{format}")

    @pytest.mark.parametrize("picture", [CLEAR, MOVING])
    def test_save_checks_too(self, tmp_path: Path, picture: Picture | Animation) -> None:
        with pytest.raises(ImageError, match="which jpg cannot hold"):
            save(picture, tmp_path / "a.jpg")
        assert not list(tmp_path.iterdir())
