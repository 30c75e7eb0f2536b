"""Metadata of a PNG that is broken or too large costs the picture nothing."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import Animation, decode
from jcarsr.image.facts import facts
from jcarsr.image.metadata.iptc import PNG_KEYWORDS
from jcarsr.image.png.chunks import MAX_EXTRA
from jcarsr.pixels import Pixels

LARGE = zlib.compress(bytes(2_000_000))
MEBIBYTES_16 = zlib.compress(bytes(2**24), 9)
HEADS = {
    "text zTXt": (b"zTXt", b"Comment\0\0"),
    "text iTXt": (b"iTXt", b"workflow\0\1\0\0\0"),
    "XMP data": (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"),
    "IPTC data": (b"zTXt", PNG_KEYWORDS[0].encode() + b"\0\0"),
    "colour profile": (b"iCCP", b"name\0\0"),
}
PLAIN = {
    "text tEXt": (b"tEXt", b"Comment\0words"),
    "EXIF data": (b"eXIf", b"II*\0\x08\0\0\0\0\0\0\0\0\0"),
    "chunk gAMA": (b"gAMA", bytes([0, 0, 177, 143])),
    "chunk cHRM": (b"cHRM", bytes(32)),
    "chunk pHYs": (b"pHYs", bytes(9)),
    "chunk tIME": (b"tIME", bytes(7)),
    "chunk aaAa": (b"aaAa", b"private"),
}


def chunk(kind: bytes, data: bytes, *, wrong: bool = False) -> bytes:
    check = zlib.crc32(kind + data) ^ wrong
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def put(png: bytes, part: bytes, *, late: bool) -> bytes:
    """Chunks behind the header, or behind the pixels."""
    at = len(png) - 12 if late else 33
    return png[:at] + part + png[at:]


def saved(image: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


@pytest.fixture
def png(photo: Pixels) -> bytes:
    return saved(Image.fromarray(photo[:20, :30]))


def restored_with(png: bytes, note: str) -> None:
    """It gives the pixels of a file without the chunk, and one note."""
    found, pillows = decode(io.BytesIO(png)), facts(io.BytesIO(png))
    assert not isinstance(found, Animation)
    assert found.notes == pillows.notes == (note,)
    assert found.samples.shape == (20, 30, 3)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(
    ("packed", "wrong", "why"),
    [
        (LARGE, False, "is too large"),
        (zlib.compress(b"text"), True, "is broken (wrong checksum)"),
        (b"no zlib at all", False, "is broken"),
        (zlib.compress(bytes(range(256)))[:-9], False, "is broken"),
    ],
    ids=["large", "checksum", "no zlib", "cut off"],
)
def test_packed(png: bytes, name: str, late: bool, packed: bytes, wrong: bool, why: str) -> None:
    kind, head = HEADS[name]
    part = chunk(kind, head + packed, wrong=wrong)
    restored_with(put(png, part, late=late), f"its {name} {why} and was left out")


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", PLAIN)
def test_wrong_checksum(png: bytes, name: str, late: bool) -> None:
    part = chunk(*PLAIN[name], wrong=True)
    note = f"its {name} is broken (wrong checksum) and was left out"
    restored_with(put(png, part, late=late), note)


@pytest.mark.parametrize("kind", [b"gAMA", b"cHRM", b"pHYs", b"sRGB"])
def test_too_short(png: bytes, kind: bytes) -> None:
    part = chunk(kind, b"")
    note = f"its chunk {kind.decode()} is broken and was left out"
    restored_with(put(png, part, late=False), note)


def test_many_bombs_are_inflated_once(png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    inflated = 0
    real = zlib.decompressobj

    class Counting:
        def __init__(self) -> None:
            self._real = real()

        def decompress(self, data: bytes, most: int = 0) -> bytes:
            nonlocal inflated
            result = self._real.decompress(data, most)
            inflated += len(result)
            return result

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    part = chunk(b"zTXt", PNG_KEYWORDS[0].encode() + b"\0\0" + MEBIBYTES_16)
    restored_with(put(png, part * 200, late=True), "its IPTC data is too large and was left out")
    assert inflated < 3 * 17 * 2**20  # the file is opened three times


def test_pixels_match_those_of_the_file_without_it(png: bytes, photo: Pixels) -> None:
    found = decode(io.BytesIO(put(png, chunk(b"tEXt", b"a\0b", wrong=True), late=False)))
    assert not isinstance(found, Animation)
    np.testing.assert_array_equal(found.samples, photo[:20, :30])


def test_sound_metadata_stays(photo: Pixels) -> None:
    png = saved(Image.fromarray(photo[:20, :30]), dpi=(300, 300))
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0<x/>"
    found = facts(io.BytesIO(put(png, chunk(b"iTXt", xmp), late=True)))
    assert found.xmp
    assert found.dpi == pytest.approx((300, 300), abs=0.1)
    assert found.notes == ()


def test_frames_are_never_left_out(photo: Pixels) -> None:
    frames = [Image.fromarray(photo[at : at + 20, :30]) for at in (0, 40, 80)]
    png = saved(frames[0], save_all=True, append_images=frames[1:])
    at = png.index(b"fdAT")
    broken = bytearray(png)
    broken[at + 30] ^= 1
    with pytest.raises(ImageError):
        decode(io.BytesIO(broken))
    found = decode(io.BytesIO(put(png, chunk(b"tEXt", b"a\0b", wrong=True), late=False)))
    assert isinstance(found, Animation)
    assert len(found) == 3


def test_too_many_chunks(png: bytes) -> None:
    data = put(png, chunk(b"aaAa", b"") * (MAX_EXTRA + 1), late=True)
    for read in (decode, facts):
        with pytest.raises(ImageError, match=r"^more than 10,000 chunks of metadata: refused$"):
            read(io.BytesIO(data))
