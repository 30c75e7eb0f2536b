"""BigTIFFs are looked at as closely as plain TIFFs."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image
from support.decoding import refusal_of_all

from jcarsr.errors import ImageError
from jcarsr.image import Picture, decode
from jcarsr.image.facts import facts
from jcarsr.image.tiff.directory import MAX_PAGES, MAX_VALUES

RGB = np.arange(48 * 64 * 3, dtype=np.uint32).astype(np.uint8).reshape(48, 64, 3)
SENSOR = np.arange(96 * 128, dtype=np.uint16).reshape(96, 128)
RAW = "a camera raw file: only its preview could be read"
Tag = tuple[int, int, int, int]


def directory(*tags: Tag, following: int = 0, order: str = "<") -> bytes:
    packed = b"".join(struct.pack(f"{order}HHQQ", *tag) for tag in sorted(tags))
    return struct.pack(f"{order}Q", len(tags)) + packed + struct.pack(f"{order}Q", following)


def head(order: str = "<") -> bytes:
    return (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HHHQ", 43, 8, 0, 16)


def test_a_big_tiff_is_read() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, RGB, bigtiff=True, byteorder="<", photometric="rgb")
    found = decode(io.BytesIO(file.getvalue()))
    assert isinstance(found, Picture)
    np.testing.assert_array_equal(found.samples, RGB)


def test_words_of_a_big_tiff_are_kept() -> None:
    file = io.BytesIO()
    words = {"description": "a house", "extratags": [(315, 2, 0, "Zoe", True)]}
    tifffile.imwrite(file, RGB, bigtiff=True, byteorder="<", photometric="rgb", **words)
    found = decode(io.BytesIO(file.getvalue()))
    kept = Image.Exif()
    kept.load(found.metadata.exif or b"")
    assert (kept[ExifTags.Base.ImageDescription], kept[ExifTags.Base.Artist]) == ("a house", "Zoe")
    assert found.notes == ()


def test_the_byte_order_that_is_not_read_is_named() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, RGB, bigtiff=True, byteorder=">", photometric="rgb")
    assert refusal_of_all(file.getvalue()) == "BigTIFFs of big-endian byte order are not supported"


@pytest.mark.parametrize("order", ["<", ">"])
def test_previews_of_raw_files_are_refused(order: str) -> None:
    for kind in (1, 0):
        file = io.BytesIO()
        with tifffile.TiffWriter(file, bigtiff=True, byteorder=order) as writer:  # pyright: ignore
            writer.write(RGB, subifds=1, subfiletype=kind, photometric="rgb")
            writer.write(SENSOR, photometric=32803, subfiletype=0)
        assert refusal_of_all(file.getvalue()) == RAW
    file = io.BytesIO()
    version = (50706, 1, 4, (1, 7, 0, 0), True)
    tifffile.imwrite(file, RGB, bigtiff=True, photometric="rgb", extratags=[version])
    assert refusal_of_all(file.getvalue()) == RAW.replace("file", "file (DNG)")


def test_floating_point_numbers_are_named() -> None:
    file = io.BytesIO()
    floats = RGB.astype(np.float32)
    tifffile.imwrite(file, floats, bigtiff=True, byteorder="<", photometric="rgb")
    assert (
        refusal_of_all(file.getvalue())
        == "TIFFs of 32-bit floating point numbers are not supported"
    )


def test_many_pages() -> None:
    size = len(directory((256, 4, 1, 1), (257, 4, 1, 1)))
    pages = [
        directory((256, 4, 1, 1), (257, 4, 1, 1), following=16 + (n + 1) * size)
        for n in range(MAX_PAGES + 1)
    ]
    assert refusal_of_all(head() + b"".join(pages)) == f"more than {MAX_PAGES:,} pages: refused"


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_asks_for_too_much(order: str) -> None:
    tile = directory((322, 4, 1, 46_000), (323, 4, 1, 46_000), order=order)
    packed = struct.pack(f"{order}II", 46_000, 0)
    tile = tile.replace(struct.pack(f"{order}Q", 46_000), packed)
    assert refusal_of_all(head(order) + tile) == (
        "tiles of 46000x46000 are more than 100,000,000 pixels: refused as a bomb"
    )
    values = directory((1000, 4, MAX_VALUES + 1, 16), order=order)
    assert "values in its directory" in refusal_of_all(head(order) + values)
    overlapping = directory(*[(tag, 7, 2000, 16) for tag in range(1000, 1100)], order=order)
    assert "lie over each other" in refusal_of_all(head(order) + overlapping)
    tags = struct.pack(f"{order}Q", 2**40)
    assert "tags in its directory" in refusal_of_all(head(order) + tags)


@pytest.mark.parametrize("place", [17, 1000, 2**40, 2**63, 2**64 - 1])
def test_places_beyond_the_end(place: int) -> None:
    for data in (
        b"II+\0\x08\0\0\0" + struct.pack("<Q", place) + bytes(8),
        head() + directory((330, 16, 99, place)),
        head() + directory((330, 16, 1, place)),
        head() + directory((256, 4, 1, 1), following=place),
    ):
        for read in (decode, facts):
            with pytest.raises(ImageError):
                read(io.BytesIO(data))


def test_metadata_of_a_big_tiff() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "TIFF", big_tiff=True, exif=exif)
    found = decode(io.BytesIO(file.getvalue()))
    assert file.getvalue()[:4] == b"II+\0"
    kept = Image.Exif()
    assert found.metadata.exif is not None
    kept.load(found.metadata.exif)
    assert kept[0x010F] == "Maker"


def test_a_canon_file_that_is_no_tiff() -> None:
    data = b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99)
    assert refusal_of_all(data) == RAW.replace("file", "file (CR3)")
