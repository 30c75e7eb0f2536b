import io
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from jcarsr.errors import ImageError
from jcarsr.image.open import SUFFIXES, ReadOptions, named_as_picture, open_image
from jcarsr.pixels import Pixels

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"  # how a HEIC starts


def saved(format: str, size: tuple[int, int] = (8, 8), **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, format, **options)
    return stream.getvalue()


def claiming(format: str, width: int, height: int) -> bytes:
    """A file of 8x8 pixels whose header tells of more."""
    data = bytearray(saved(format))
    if format == "PNG":
        struct.pack_into(">II", data, 16, width, height)
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    elif format == "JPEG":
        struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    elif format == "GIF":
        struct.pack_into("<HH", data, 6, width, height)
    elif format == "BMP":
        struct.pack_into("<II", data, 18, width, height)
    else:
        start = struct.unpack_from("<I", data, 4)[0] + 2
        for at in range(start, start + 24, 12):  # the first two tags are width and height
            tag = struct.unpack_from("<H", data, at)[0]
            struct.pack_into("<HII", data, at + 2, 4, 1, {256: width, 257: height}[tag])
    return bytes(data)


class TestKnownFormats:
    @pytest.mark.parametrize(
        ("format", "name"),
        [
            ("JPEG", "a.jpg"),
            ("JPEG", "a.jfif"),
            ("JPEG", "a.png"),
            ("PNG", "a.jpg"),
            ("WEBP", "a"),
            ("AVIF", "a.webp"),
            ("TIFF", "a.tif"),
            ("BMP", "a.bmp"),
            ("GIF", "a.txt"),
        ],
    )
    def test_content_counts_not_the_name(self, tmp_path: Path, format: str, name: str) -> None:
        data = saved(format, (12, 10))
        (tmp_path / name).write_bytes(data)
        for file in (tmp_path / name, str(tmp_path / name), io.BytesIO(data)):
            with open_image(file) as image:
                assert (image.format, image.size) == (format, (12, 10))

    def test_names_searched_in_folders_have_a_dot_and_small_letters(self) -> None:
        assert {".jpg", ".jfif", ".png", ".webp", ".avif", ".tif", ".heic"} < SUFFIXES
        assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SUFFIXES)

    @pytest.mark.parametrize(
        ("name", "is_one"),
        [
            ("a.JPG", True),
            (".hidden.png", True),
            ("a.txt", False),
            ("jpg", False),
            ("._a.jpg", False),
            ("deep/._a.jpg", False),
            ("._deep/a.jpg", True),
        ],
    )
    def test_pictures_of_a_folder_are_known_by_their_names(self, name: str, is_one: bool) -> None:
        assert named_as_picture(Path(name)) is is_one

    @pytest.mark.parametrize("format", ["EPS", "PPM", "ICO", "PDF"])
    def test_other_formats_that_pillow_reads_stay_closed(self, format: str) -> None:
        with pytest.raises(ImageError, match=r", which cannot be read$"):
            open_image(io.BytesIO(saved(format))).__enter__()


class TestRefused:
    @pytest.mark.parametrize(
        ("kind", "message"),
        [
            ("missing", "no such file"),
            ("empty", "not a picture that can be read"),
            ("text", "not a picture that can be read"),
            ("folder", "cannot be opened"),
            ("header only", "cannot be opened"),
        ],
    )
    def test_what_cannot_be_opened_is_told_in_one_line(
        self, tmp_path: Path, kind: str, message: str
    ) -> None:
        path = tmp_path / "a.jpg"
        if kind == "folder":
            path.mkdir()
        elif kind != "missing":
            contents = {"empty": b"", "text": b"no\npicture", "header only": saved("JPEG")[:30]}
            path.write_bytes(contents[kind])
        with pytest.raises(ImageError, match=f"^{message}") as error, open_image(path):
            pass
        assert "\n" not in str(error.value)
        assert "a.jpg" not in str(error.value)

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF"])
    @pytest.mark.parametrize("pillows_limit", [None, Image.MAX_IMAGE_PIXELS])
    def test_bombs_by_their_headers(
        self, monkeypatch: pytest.MonkeyPatch, format: str, pillows_limit: int | None
    ) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillows_limit)
        monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("was decoded"))
        data = claiming(format, 65_535, 65_535)
        with pytest.raises(ImageError, match=r"refused as a bomb$"), open_image(io.BytesIO(data)):
            pass

    def test_pixels_are_counted_exactly(self) -> None:
        data = saved("PNG", (10, 12))
        with open_image(io.BytesIO(data), ReadOptions(max_pixels=120)) as image:
            assert image.size == (10, 12)
        message = "^10x12 is more than 119 pixels: refused as a bomb$"
        with (
            pytest.raises(ImageError, match=message),
            open_image(io.BytesIO(data), ReadOptions(max_pixels=119)),
        ):
            pass

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP", "TIFF"])
    def test_picture_without_pixels(self, format: str) -> None:
        data = claiming(format, 0, 5)
        message = (
            "^(a [A-Z]+ that is damaged or breaks off: its header cannot be read|has no pixels)$"
        )
        with pytest.raises(ImageError, match=message), open_image(io.BytesIO(data)):
            pass


class TestHeif:
    def test_without_its_reader_the_message_says_what_to_install(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pillow_heif", None)
        path = tmp_path / "a.heic"
        path.write_bytes(HEIC)
        for file in (path, io.BytesIO(HEIC)):
            with pytest.raises(ImageError) as error, open_image(file):
                pass
            assert str(error.value) == "HEIC pictures need: pip install 'jcarsr[heif]'"

    def test_other_pictures_do_not_need_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pillow_heif", None)
        with open_image(io.BytesIO(saved("AVIF"))) as image:  # of the same family of files
            assert image.format == "AVIF"

    def test_is_read_with_it(self, photo: Pixels) -> None:
        heif = pytest.importorskip("pillow_heif")
        stream = io.BytesIO()
        heif.from_pillow(Image.fromarray(photo)).save(stream, quality=95)
        stream.seek(0)
        with open_image(stream) as image:
            assert image.format == "HEIF"
            assert np.abs(np.asarray(image).astype(int) - photo).mean() < 3
