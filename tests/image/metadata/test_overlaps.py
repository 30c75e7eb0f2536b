"""EXIF data of which every tag points to the same bytes: small files that took gigabytes."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import Picture, decode
from jcarsr.image.facts import facts
from jcarsr.image.metadata.exif import parse_exif
from jcarsr.image.metadata.overlaps import has_overlaps, without_overlaps

NOTE = "its EXIF data is broken and was left out"


def structure(tags: int, length: int, order: str = "<", group: int | None = None) -> bytes:
    """EXIF data of `tags` tags of `length` bytes each, all at one place; within a group or not."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    if group is not None:
        head += struct.pack(f"{order}HHHIII", 1, group, 4, 1, 26, 0)
    entries = b"".join(struct.pack(f"{order}HHII", 40_000 + n, 7, length, 8) for n in range(tags))
    return head + struct.pack(f"{order}H", tags) + entries + bytes(4 + length)


def sound() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "a maker of cameras"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + bytes(200)
    return exif.tobytes().removeprefix(b"Exif\0\0")


def saved(format: str, exif: bytes) -> bytes:
    """A picture with EXIF data that its writer does not look at: they are put in afterwards."""
    file = io.BytesIO()
    image = Image.linear_gradient("L").resize((32, 24)).convert("RGB")
    other = sound().ljust(len(exif), b"\1")
    image.save(file, format, exif=b"Exif\0\0" + other, lossless=True)
    data = file.getvalue()
    assert data.count(other) == 1
    if format == "PNG":
        old, new = (struct.pack(">I", zlib.crc32(b"eXIf" + part)) for part in (other, exif))
        data = data.replace(other + old, exif + new)
    return data.replace(other, exif)


def png_with_text(exif: bytes, kind: bytes, keyword: bytes, before: bytes) -> bytes:
    """As ImageMagick writes it, or might."""
    text = before + b"exif\n   %d\n" % len(exif) + exif.hex().encode()
    if kind == b"zTXt":
        text = b"\0" + zlib.compress(text)
    elif kind == b"iTXt":
        text = b"\1\0\0\0" + zlib.compress(text)
    data = keyword + b"\0" + text
    chunk = struct.pack(">I", len(data)) + kind + data
    chunk += struct.pack(">I", zlib.crc32(kind + data))
    file = io.BytesIO()
    Image.linear_gradient("L").resize((32, 24)).convert("RGB").save(file, "PNG")
    return file.getvalue()[:33] + chunk + file.getvalue()[33:]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("group", [None, 34665, 34853])
def test_values_over_each_other_are_seen(order: str, group: int | None) -> None:
    assert has_overlaps(structure(100, 2_000, order, group))
    assert not has_overlaps(structure(1, 2_000, order, group))
    padded = b"before" + structure(100, 2_000, order, group)
    harmless = without_overlaps(padded)
    assert harmless is not None
    assert len(harmless) == len(padded)
    assert without_overlaps(harmless) is None
    assert without_overlaps(b"II*\0 and MM\0* are not always such data") is None


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_such_data_cost_no_picture(format: str) -> None:
    exif = structure(500, 30_000)
    good, bad = saved(format, sound()), saved(format, exif)
    expected, found = decode(io.BytesIO(good)), decode(io.BytesIO(bad))
    assert isinstance(expected, Picture)
    assert isinstance(found, Picture)
    assert expected.notes == ()
    assert expected.metadata.exif is not None
    assert np.array_equal(found.samples, expected.samples)
    assert found.metadata.exif is None
    assert NOTE in found.notes
    assert NOTE in facts(io.BytesIO(bad)).notes


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
@pytest.mark.parametrize("keyword", [b"Raw profile type exif", b"Raw profile type APP1"])
@pytest.mark.parametrize("before", [b"\n", b""])
def test_nor_do_those_in_texts(kind: bytes, keyword: bytes, before: bytes) -> None:
    def make(exif: bytes) -> bytes:
        return png_with_text(exif, kind, keyword, before)

    found = decode(io.BytesIO(make(structure(500, 30_000))))
    assert isinstance(found, Picture)
    assert found.metadata.exif is None
    assert any("was left out" in note for note in found.notes)
    kept = decode(io.BytesIO(make(sound())))
    assert isinstance(kept, Picture)
    assert kept.notes == ()


@pytest.mark.parametrize("group", [None, 34665])
def test_a_tiff_of_such_directories_is_refused(group: int | None) -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "TIFF")
    whole = bytearray(file.getvalue())
    bad = structure(500, 30_000)
    place = len(whole) + 8
    whole += bad
    (first,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, first)
    if group is None:  # the picture's next page
        struct.pack_into("<I", whole, first + 2 + 12 * count, place)
    else:  # the last tag becomes one that leads there
        struct.pack_into("<HHII", whole, first + 2 + 12 * (count - 1), group, 4, 1, place)
    struct.pack_into("<I", whole, place - 8 + 4, 8)
    data = bytes(whole)
    # the values' places are those of the structure, and lie within the file as well
    with pytest.raises(ImageError, match="values that lie over each other: refused"):
        decode(io.BytesIO(data))


def test_our_own_reader_refuses_them_too() -> None:
    with pytest.raises(ValueError, match="no first directory"):
        parse_exif(structure(500, 30_000))
