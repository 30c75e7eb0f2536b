"""Texts as ImageMagick and ExifTool write them: EXIF and XMP data are those that went in."""

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from jcarsr.image import Picture, decode, save
from jcarsr.image.facts import facts
from jcarsr.image.metadata.raw_profile import exif_and_xmp, parse_raw_profile

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="a cat"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
SEGMENT = b"http://ns.adobe.com/xap/1.0/\0"
MAKER, ORIENTATION = 271, 274


def exif() -> bytes:
    tags = Image.Exif()
    tags.update({MAKER: "Maker", ORIENTATION: 6})
    return tags.tobytes()


def text(name: str, data: bytes) -> str:
    """As ImageMagick's coders/png.c writes it."""
    digits = data.hex()
    lines = (digits[start : start + 72] for start in range(0, len(digits), 72))
    return "\n".join(("", name, f"{len(data):8d}", *lines, ""))


def png(texts: dict[str, str], *, late: bool = False, international: bool = False) -> bytes:
    info = PngInfo()
    for keyword, value in texts.items():
        if international:
            info.add_itxt(keyword, value)
        else:
            info.add_text(keyword, value, zip=True)
    stream = io.BytesIO()
    Image.new("RGB", (12, 10), "teal").save(stream, "PNG", pnginfo=info)
    data = stream.getvalue()
    if not late:
        return data
    first, pixels, end = 33, data.index(b"IDAT") - 4, len(data) - 12
    return data[:first] + data[pixels:end] + data[first:pixels] + data[end:]


def result(data: bytes, folder: Path) -> tuple[Image.Exif, bytes, tuple[str, ...]]:
    """EXIF and XMP data that Pillow finds in what is saved of a picture, and the notes on it."""
    picture = decode(io.BytesIO(data))
    assert isinstance(picture, Picture)
    save(picture, folder / "result.png")
    with Image.open(folder / "result.png") as saved:
        return saved.getexif(), saved.info.get("xmp", b""), picture.notes


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("international", [False, True])
@pytest.mark.parametrize("keyword", ["exif", "APP1"])
def test_exif_stays(tmp_path: Path, keyword: str, late: bool, international: bool) -> None:
    texts = {f"Raw profile type {keyword}": text(keyword, exif())}
    data = png(texts, late=late, international=international)
    found = facts(io.BytesIO(data))
    assert (found.exif, found.orientation, found.upright) == (True, 6, (10, 12))
    tags, _, notes = result(data, tmp_path)
    assert tags[MAKER] == "Maker"
    assert notes == ()


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("keyword", "stored"), [("xmp", XMP), ("APP1", SEGMENT + XMP)])
def test_xmp_stays(tmp_path: Path, keyword: str, stored: bytes, late: bool) -> None:
    data = png({f"Raw profile type {keyword}": text(keyword, stored)}, late=late)
    assert facts(io.BytesIO(data)).xmp
    _, xmp, notes = result(data, tmp_path)
    assert b"a cat" in xmp
    assert notes == ()


@pytest.mark.parametrize(("keyword", "kind"), [("exif", "EXIF"), ("APP1", "EXIF"), ("xmp", "XMP")])
def test_what_is_broken_is_noted(tmp_path: Path, keyword: str, kind: str) -> None:
    whole = text(keyword, exif())
    for broken in (whole[:-20], whole.replace("\n", "", 2), "nothing of the kind"):
        tags, xmp, notes = result(png({f"Raw profile type {keyword}": broken}), tmp_path)
        assert notes == (f"its {kind} data is broken and was left out",)
        assert (len(tags), xmp) == (0, b"")


def test_a_chunk_of_its_own_comes_first(tmp_path: Path) -> None:
    chunk = b"eXIf" + exif().removeprefix(b"Exif\0\0").replace(b"Maker", b"Other")
    whole = (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    data = png({"Raw profile type exif": text("exif", exif())})
    tags, _, _ = result(data[:-12] + whole + data[-12:], tmp_path)
    assert tags[MAKER] == "Other"


def test_an_empty_one_is_none() -> None:
    assert exif_and_xmp({"Raw profile type exif": "\nexif\n       0\n\n"}) == {}


@pytest.mark.parametrize("broken", ["", "\nexif\n 2\nff\n", "\nexif\n 1\nfff\n", "\nexif\n\nff\n"])
def test_other_texts_are_refused(broken: str) -> None:
    with pytest.raises(ValueError, match=r"broken|hexadecimal"):
        parse_raw_profile(broken)
