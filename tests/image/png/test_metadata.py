"""PNGs whose pixels are garbage: what stands behind them is found without decoding them."""

import io
import struct
import zlib

import pytest
from PIL import Image

from jcarsr.image.facts import Facts, facts
from jcarsr.image.metadata.iptc import PNG_KEYWORDS, png_text

IPTC = png_text(b"\x1c\x02\x78\0\3cat").encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def told(late: bytes) -> Facts:
    header = struct.pack(">IIBBBBB", 8, 6, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", b"not compressed at all")
    data = chunk(b"IHDR", header) + pixels + late + chunk(b"IEND", b"")
    return facts(io.BytesIO(b"\x89PNG\r\n\x1a\n" + data))


def test_exif_and_xmp() -> None:
    tags = Image.Exif()
    tags.update({271: "Maker", 274: 6})
    late = chunk(b"eXIf", tags.tobytes().removeprefix(b"Exif\0\0"))
    late += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>")
    found = told(late)
    assert (found.exif, found.xmp, found.orientation, found.upright) == (True, True, 6, (6, 8))
    assert not found.notes


@pytest.mark.parametrize("keyword", PNG_KEYWORDS)
def test_iptc(keyword: str) -> None:
    name = keyword.encode() + b"\0"
    packed = chunk(b"zTXt", name + b"\0" + zlib.compress(IPTC))
    for late in (packed, chunk(b"tEXt", name + IPTC)):
        found = told(late)
        assert found.iptc
        assert not found.notes


def test_other_texts_are_none() -> None:
    late = chunk(b"tEXt", b"Comment\0" + IPTC) + chunk(b"iTXt", PNG_KEYWORDS[0].encode() + b"\0")
    found = told(late)
    assert not (found.exif or found.xmp or found.iptc)
    assert not found.notes


@pytest.mark.parametrize("text", [b"\0not compressed", b"\0" + zlib.compress(IPTC)[:20]])
def test_broken_iptc_is_noted(text: bytes) -> None:
    found = told(chunk(b"zTXt", PNG_KEYWORDS[0].encode() + b"\0" + text))
    assert not found.iptc
    assert found.notes == ("its IPTC data is broken and was left out",)
