import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.decoding import saved, still
from support.metadata import (
    CAMERA,
    COPYRIGHT,
    GPS,
    HEIGHT,
    MAKER,
    ORIENTATION,
    WIDTH,
    camera_exif,
    groups,
    image,
    loaded,
)

from jcarsr.image import FORMATS, save


class TestExif:
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("endian", ["<", ">"])
    def test_is_read_whole_but_for_thumbnail_and_orientation(
        self, format: str, endian: str
    ) -> None:
        exif = camera_exif(endian)
        before = loaded(exif)
        assert before["thumbnail"]
        assert before["interop"]
        picture = still(saved(image(), format, exif=exif))
        assert (picture.orientation, picture.notes) == (6, ())
        kept = picture.metadata.exif
        assert kept is not None
        assert b"THUMB" not in kept
        assert kept[6:8] == (b"II" if endian == "<" else b"MM")
        after = loaded(kept)
        del before[""][ORIENTATION]
        assert after == {**before, "thumbnail": {}}

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_reaches_every_format(self, tmp_path: Path, format: str) -> None:
        picture = still(saved(image(), "JPEG", exif=camera_exif()))
        save(picture, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            assert opened.size == (10, 12)  # upright
            found = groups(opened.getexif())
        before = loaded(camera_exif())
        assert found["camera"] == {**before["camera"], WIDTH: 10, HEIGHT: 12}
        for group in ("gps", "interop"):
            assert found[group] == before[group]
        assert found[""][MAKER] == "Maker"
        assert found[""][COPYRIGHT].encode("latin-1").decode() == "© Zoë"
        assert found[""].get(ORIENTATION, 1) == 1
        assert found["thumbnail"] == {}

    def test_text_is_read_by_others(self) -> None:
        exif = still(saved(image(), "PNG", exif=camera_exif())).metadata.exif
        assert exif is not None
        with tifffile.TiffFile(io.BytesIO(exif[6:])) as file:
            tags = file.pages.first.tags
            assert tags[COPYRIGHT].value == "© Zoë"
            assert tags[CAMERA].value["DateTimeOriginal"] == "2020:01:01 00:00:00"
            assert tags[CAMERA].value["ExposureTime"] == (1, 125)
            assert tags[CAMERA].value["ExposureBiasValue"] == (-1, 3)
            assert tags[GPS].value["GPSLatitudeRef"] == "N"

    @pytest.mark.parametrize("format", ["jpg", "png", "webp", "tiff"])
    def test_storage_of_a_tiff_is_not_copied(self, tmp_path: Path, format: str) -> None:
        stream = io.BytesIO()
        pixels = np.zeros((40, 50, 3), np.uint8)
        tifffile.imwrite(
            stream, pixels, photometric="rgb", tile=(16, 16), compression="zlib", predictor=True
        )
        picture = still(stream.getvalue())
        save(picture, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            opened.load()
            tags = set(opened.getexif())
            np.testing.assert_array_equal(np.asarray(opened), pixels)
        assert not tags & {322, 323, 324, 325}  # tiles
        if format != "tiff":
            assert 317 not in tags  # predictor
            assert not tags & {*range(256, 260), 262, 273, 277, 278, 279, 284}

    def test_words_of_a_tiff_are_copied(self, tmp_path: Path) -> None:
        source = saved(image(), "TIFF", exif=camera_exif())
        save(still(source), tmp_path / "a.jpg")
        with Image.open(tmp_path / "a.jpg") as opened:
            found = groups(opened.getexif())
        assert found[""][MAKER] == "Maker"
        assert found["gps"] == loaded(camera_exif())["gps"]

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize(
        "exif",
        [
            b" no such header",
            b"II*\0\x08\0\0\0\xff\xff",  # a number of tags that are not there
            b"II*\0\xff\xff\0\0",  # begins beyond its end
            b"MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x08\0\0\0\0",  # its own group
        ],
    )
    @pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
    def test_broken_costs_nothing(self, tmp_path: Path, format: str, exif: bytes) -> None:
        picture = still(saved(image(), format, exif=b"Exif\0\0" + exif))
        assert np.abs(picture.samples.astype(int) - (0, 128, 128)).max() <= 3
        assert picture.orientation == 1
        kept = "left out" if picture.metadata.exif is None else "kept in part"
        assert picture.notes == (f"its EXIF data is broken and was {kept}",)
        save(picture, tmp_path / "a.png")

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.filterwarnings("ignore:Truncated File Read", "ignore:Corrupt EXIF data")
    def test_what_is_not_broken_is_kept(self, tmp_path: Path, format: str) -> None:
        exif = camera_exif()
        place = exif.index(struct.pack("<HHI", CAMERA, 4, 1)) + 8
        broken = exif[:place] + struct.pack("<I", 60_000) + exif[place + 4 :]
        picture = still(saved(image(), format, exif=broken))
        assert picture.notes == ("its EXIF data is broken and was kept in part",)
        save(picture, tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as opened:
            found = groups(opened.getexif())
        assert found[""][MAKER] == "Maker"
        assert found["gps"] == loaded(exif)["gps"]
        assert found["camera"] == {WIDTH: 10, HEIGHT: 12}  # the result's, upright

    def test_none_stays_none(self) -> None:
        for format in ("JPEG", "PNG", "WEBP", "BMP"):
            assert still(saved(image(), format)).metadata.exif is None
