import io
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin
from support.decoding import saved, still
from support.metadata import image, sized_xmp

from jcarsr.image import FORMATS, save
from jcarsr.image.tiff.tags import XMP_TAG


class TestXmp:
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

    @pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
    @pytest.mark.parametrize("form", ["attributes", "elements"])
    def test_is_read_and_says_the_orientation(self, source: str, form: str) -> None:
        if source == "PNG":
            text = PngImagePlugin.PngInfo()
            text.add_itxt("XML:com.adobe.xmp", sized_xmp(form).decode())
            data = saved(image(), source, pnginfo=text)
        elif source == "TIFF":
            tags = Image.Exif()
            tags[XMP_TAG] = sized_xmp(form)
            data = saved(image(), source, exif=tags)
        else:
            data = saved(image(), source, xmp=sized_xmp(form))
        picture = still(data)
        orientation = rb' ?tiff:Orientation="6"|<tiff:Orientation>6</tiff:Orientation>'
        turned = re.sub(orientation, b"", sized_xmp(form))  # Pillow turns TIFFs and takes it out
        kept = picture.metadata.xmp
        assert kept is not None
        assert kept.split() == (turned if source == "TIFF" else sized_xmp(form)).split()
        assert picture.size == (10, 12)  # upright by the 6 in it

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_reaches_every_format(self, tmp_path: Path, format: str) -> None:
        source = image(80, 120)
        picture = still(
            saved(source, "JPEG", xmp=sized_xmp("attributes").replace(b'"6"', b'"1"', 1))
        )
        assert picture.orientation == 1
        save(picture, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            found = opened.info["xmp"]
        assert found == sized_xmp("attributes", before=False)

    @pytest.mark.parametrize("value", [(1, 2, 3), (7,)])
    def test_numbers_where_text_belongs_cost_nothing(self, value: tuple[int, ...]) -> None:
        stream = io.BytesIO()
        pixels = np.zeros((4, 5, 3), np.uint8)
        tag = (XMP_TAG, 4, len(value), value, True)
        tifffile.imwrite(stream, pixels, photometric="rgb", extratags=[tag])
        picture = still(stream.getvalue())
        assert picture.samples.shape == (4, 5, 3)
        assert picture.metadata.xmp is None
