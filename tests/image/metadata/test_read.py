import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.decoding import saved, still
from support.metadata import CAMERA, GPS, MAKER, ORIENTATION, SRGB, UNIT, camera_exif, image

from jcarsr.image import FORMATS, SaveOptions, save


class TestResolution:
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "BMP"])
    def test_is_read(self, source: str) -> None:
        dpi = still(saved(image(), source, dpi=(300, 150))).metadata.dpi
        assert dpi == pytest.approx((300, 150), rel=1e-3)

    @pytest.mark.parametrize("source", ["WEBP", "AVIF", "JPEG"])
    @pytest.mark.parametrize(
        ("unit", "dpi"), [(None, (300, 150)), (2, (300, 150)), (3, (762, 381))]
    )
    def test_is_read_from_exif(self, source: str, unit: int | None, dpi: Any) -> None:
        tags = Image.Exif()
        tags.update({0x011A: 300.0, 0x011B: 150.0})
        if unit is not None:
            tags[UNIT] = unit
        assert still(saved(image(), source, exif=tags.tobytes())).metadata.dpi == dpi

    def test_is_not_made_up(self) -> None:
        """Pillow tells of 72 where a JPEG has EXIF data that says nothing of it."""
        assert still(saved(image(), "JPEG", exif=camera_exif())).metadata.dpi is None

    @pytest.mark.parametrize("source", ["JPEG", "TIFF"])
    def test_centimetres(self, source: str) -> None:
        if source == "JPEG":
            data = bytearray(saved(image(), "JPEG", dpi=(100, 100)))
            data[13] = 2  # unit of JFIF
        else:
            tags = {"x_resolution": 100, "y_resolution": 100, "resolution_unit": "cm"}
            data = bytearray(saved(image(), "TIFF", **tags))
        assert still(bytes(data)).metadata.dpi == pytest.approx((254, 254))

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_reaches_every_format(self, tmp_path: Path, format: str) -> None:
        save(still(saved(image(), "PNG", dpi=(300, 150))), tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            tags = opened.getexif()
            found = opened.info.get("dpi") or (tags[0x011A], tags[0x011B])
            assert tags.get(UNIT, 2) == 2
        assert tuple(map(float, found)) == pytest.approx((300, 150), rel=1e-4)

    @pytest.mark.parametrize("dpi", [(1, 1), (0, 0), (2_000_000, 300)])
    def test_nonsense_is_none(self, dpi: tuple[int, int]) -> None:
        assert still(saved(image(), "TIFF", dpi=dpi)).metadata.dpi is None


class TestProfile:
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_is_kept(self, tmp_path: Path, source: str, format: str) -> None:
        save(still(saved(image(), source, icc_profile=SRGB)), tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            assert opened.info["icc_profile"] == SRGB

    @pytest.mark.parametrize(
        "broken",
        [b"no profile", SRGB[:100], SRGB.replace(b"acsp", b"nope")],
        ids=["no profile", "cut off", "no signature"],  # the time is in a profile's bytes
    )
    def test_broken_costs_nothing_but_a_note(self, broken: bytes) -> None:
        picture = still(saved(image(), "JPEG", icc_profile=broken))
        assert picture.metadata.icc_profile is None
        assert picture.notes == ("its colour profile is broken and was left out",)


class TestStripped:
    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_all_but_the_profile(self, tmp_path: Path, format: str) -> None:
        data = saved(
            image(), "JPEG", exif=camera_exif(), xmp=b"<x/>", icc_profile=SRGB, dpi=(300, 300)
        )
        path = tmp_path / f"a.{format}"
        save(still(data), path)
        assert b"Maker" in path.read_bytes()
        save(still(data), path, SaveOptions(strip_metadata=True))
        assert not re.search(rb"Maker|Zo|R98|<x/>", path.read_bytes())
        with Image.open(path) as opened:
            assert opened.size == (10, 12)  # turned all the same
            assert opened.info["icc_profile"] == SRGB
            assert "dpi" not in opened.info or format == "tiff"
            assert not {MAKER, CAMERA, GPS, ORIENTATION, 0x011A} & set(opened.getexif())
