"""Metadata of results: sizes and places are the result's, everything else stays."""

import xml.etree.ElementTree as ElementTree

import pytest
from support.decoding import saved, still
from support.metadata import HEIGHT, UNIT, WIDTH, camera_exif, image, loaded, sized_xmp

from jcarsr.image import Metadata
from jcarsr.image.metadata.carry import for_result, with_resolution


def test_resolution_goes_into_exif_data_that_there_is() -> None:
    exif = camera_exif()
    result = with_resolution(Metadata(exif=exif, dpi=(300, 150))).exif
    assert result is not None
    found = loaded(result)
    assert [found[""][tag] for tag in (0x011A, 0x011B, UNIT)] == [300, 150, 2]
    assert found["camera"] == loaded(exif)["camera"]
    assert with_resolution(Metadata(exif=exif)).exif == exif


def test_exif_says_the_size_of_the_result() -> None:
    exif = still(saved(image(), "JPEG", exif=camera_exif())).metadata.exif
    result = for_result(Metadata(exif=exif), 80, 120).exif
    assert result is not None
    after, before = loaded(result), loaded(camera_exif())
    assert after["camera"] == {**before["camera"], WIDTH: 80, HEIGHT: 120}


class TestXmp:
    @pytest.mark.parametrize("form", ["attributes", "elements"])
    def test_numbers_are_mended(self, form: str) -> None:
        result = for_result(Metadata(xmp=sized_xmp(form)), 80, 120).xmp
        assert result == sized_xmp(form, before=False)
        assert sized_xmp(form) != sized_xmp(form, before=False)
        ElementTree.fromstring(result)

    def test_however_they_are_quoted(self) -> None:
        spaces = (
            b'<a xmlns:t="http://ns.adobe.com/tiff/1.0/" xmlns:e="http://ns.adobe.com/exif/1.0/"'
        )
        source = (
            spaces
            + b" t:Orientation = '8' e:PixelXDimension=\"4000\"><t:ImageWidth>8</t:ImageWidth></a>"
        )
        result = for_result(Metadata(xmp=source), 80, 120).xmp
        expected = (
            spaces
            + b" t:Orientation = '1' e:PixelXDimension=\"80\"><t:ImageWidth>80</t:ImageWidth></a>"
        )
        assert result == expected

    def test_other_numbers_stay(self) -> None:
        source = (
            b'<a xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:ImageWidthOf="7" Sizes="8">9</a>'
        )
        assert for_result(Metadata(xmp=source), 80, 120).xmp == source
