import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin
from support.decoding import saved, still
from support.metadata import (
    image,
)

from jcarsr.image import FORMATS, Metadata, save
from jcarsr.image.metadata.carry import for_result
from jcarsr.image.tiff.tags import XMP_TAG

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:RDF><rdf:Description
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>{elements}
 <dc:creator>Zoë</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"""
NUMBERS = {
    "tiff:Orientation": (6, 1),
    "tiff:ImageWidth": (3, 80),
    "tiff:ImageLength": (4, 120),
    "exif:PixelXDimension": (5, 80),
    "exif:PixelYDimension": (6, 120),
}


def xmp(form: str, before: bool = True) -> bytes:
    """XMP with all of NUMBERS, as attributes or as elements."""
    pairs = [(name, values[0 if before else 1]) for name, values in NUMBERS.items()]
    attributes = " ".join(f'{name}="{value}"' for name, value in pairs)
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in pairs)
    chosen = (attributes, "") if form == "attributes" else ("", elements)
    return XMP.format(attributes=chosen[0], elements=chosen[1]).encode()


class TestXmp:
    @pytest.mark.parametrize("form", ["attributes", "elements"])
    def test_numbers_are_mended(self, form: str) -> None:
        result = for_result(Metadata(xmp=xmp(form)), 80, 120).xmp
        assert result == xmp(form, before=False)
        assert xmp(form) != xmp(form, before=False)
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

    @pytest.mark.parametrize(
        "broken",
        [
            b"<a><b></a>",
            b"<a b:c='1'/>",
            b"no XML",
            b"",
            b"\xff\xfe<",
            b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
            b'<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a/>',
            b"<a>" * 300 + b"</a>" * 300,
        ],
    )
    def test_broken_is_left_out(self, broken: bytes) -> None:
        picture = still(saved(image(), "JPEG", xmp=broken))
        if broken:
            assert picture.notes == ("its XMP data is broken and was left out",)
        assert picture.metadata.xmp is None

    def test_other_numbers_stay(self) -> None:
        source = (
            b'<a xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:ImageWidthOf="7" Sizes="8">9</a>'
        )
        assert for_result(Metadata(xmp=source), 80, 120).xmp == source

    @pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
    @pytest.mark.parametrize("form", ["attributes", "elements"])
    def test_is_read_and_says_the_orientation(self, source: str, form: str) -> None:
        if source == "PNG":
            text = PngImagePlugin.PngInfo()
            text.add_itxt("XML:com.adobe.xmp", xmp(form).decode())
            data = saved(image(), source, pnginfo=text)
        elif source == "TIFF":
            tags = Image.Exif()
            tags[XMP_TAG] = xmp(form)
            data = saved(image(), source, exif=tags)
        else:
            data = saved(image(), source, xmp=xmp(form))
        picture = still(data)
        orientation = rb' ?tiff:Orientation="6"|<tiff:Orientation>6</tiff:Orientation>'
        turned = re.sub(orientation, b"", xmp(form))  # Pillow turns TIFFs and takes it out
        kept = picture.metadata.xmp
        assert kept is not None
        assert kept.split() == (turned if source == "TIFF" else xmp(form)).split()
        assert picture.size == (10, 12)  # upright by the 6 in it

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_reaches_every_format(self, tmp_path: Path, format: str) -> None:
        source = image(80, 120)
        picture = still(saved(source, "JPEG", xmp=xmp("attributes").replace(b'"6"', b'"1"', 1)))
        assert picture.orientation == 1
        save(picture, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            found = opened.info["xmp"]
        assert found == xmp("attributes", before=False)

    @pytest.mark.parametrize("value", [(1, 2, 3), (7,)])
    def test_numbers_where_text_belongs_cost_nothing(self, value: tuple[int, ...]) -> None:
        stream = io.BytesIO()
        pixels = np.zeros((4, 5, 3), np.uint8)
        tag = (XMP_TAG, 4, len(value), value, True)
        tifffile.imwrite(stream, pixels, photometric="rgb", extratags=[tag])
        picture = still(stream.getvalue())
        assert picture.samples.shape == (4, 5, 3)
        assert picture.metadata.xmp is None
