import random
import struct
import warnings

import pytest
from PIL import ExifTags, Image

from jcarsr.image.metadata.exif_damage import is_damaged

GROUPS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop)


def exif(endian: str) -> bytes:
    """All groups, and values of many types within and beside their entries."""
    tags = Image.Exif()
    tags.endian = endian
    tags.update({0x010F: "Maker", 0x0110: "M", 0x011A: 72.0, 0x0112: 6})
    camera = {
        0x829A: 0.1,
        0x8827: 400,
        0x9000: b"0232",
        0x927C: b"maker's note",
        0xA005: {1: "R98"},
    }
    tags.get_ifd(ExifTags.IFD.Exif).update(camera)
    tags.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (51.0, 30.0, 12.3)})
    tags[ExifTags.IFD.Exif] = tags.get_ifd(ExifTags.IFD.Exif)
    return tags.tobytes()


def pillow_complains(data: bytes) -> bool:
    tags = Image.Exif()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            tags.load(data)
            for group in GROUPS:
                tags.get_ifd(group)
        except Exception:
            return True
    return bool(told)


@pytest.mark.parametrize("endian", ["<", ">"])
def test_whole_is_not_damaged(endian: str) -> None:
    assert not is_damaged(exif(endian))
    assert not is_damaged(exif(endian).removeprefix(b"Exif\0\0"))
    assert not is_damaged(b"Exif\0\0" + exif(endian))  # as some cameras write it
    assert not is_damaged(exif(endian) + b"a thumbnail")


@pytest.mark.parametrize("endian", ["<", ">"])
def test_is_damaged_where_pillow_complains(endian: str) -> None:
    """But for a few in a thousand: the two count values that lie over each other in other ways."""
    randomly, agreed, complaints = random.Random(1), 0, 0
    whole = exif(endian)
    for _ in range(3000):
        data = bytearray(whole)
        if randomly.random() < 0.1:
            del data[randomly.randrange(10, len(data)) :]
        else:
            data[randomly.randrange(6, len(data))] = randomly.choice([0, 1, 127, 128, 255])
        complains = pillow_complains(bytes(data))
        complaints += complains
        agreed += is_damaged(bytes(data)) == complains
    assert 500 < complaints < 2500
    assert agreed >= 2985


@pytest.mark.parametrize("kind", range(20))
def test_any_type(kind: int) -> None:
    """Pillow's own sizes; of types that it does not know it says nothing."""
    for count in (1, 5, 60_000):
        entry = struct.pack("<HHHII", 1, 0x9999, kind, count, 8)
        data = b"II*\0\x08\0\0\0" + entry + bytes(4)
        assert is_damaged(data) == pillow_complains(data)


@pytest.mark.parametrize("count", [1, 1000])
def test_groups_that_lead_in_a_circle_are_damaged(count: int) -> None:
    entries = struct.pack("<HHII", 34665, 4, 1, 8) * count
    assert is_damaged(b"II*\0\x08\0\0\0" + struct.pack("<H", count) + entries + bytes(4))
