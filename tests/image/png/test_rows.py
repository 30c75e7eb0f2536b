import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import Picture, ReadOptions, decode
from jcarsr.image.facts import facts
from jcarsr.image.open import DAMAGED
from jcarsr.image.png.rows import PngDamage, find_png_damage
from jcarsr.pixels import Pixels


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, colour: int, rows: bytes, lace: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, lace)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (300, 200)])
def test_whole_files(mode: str, size: tuple[int, int]) -> None:
    stream = io.BytesIO()
    Image.new("RGB", size).convert("L" if mode == "I;16" else mode).convert(mode).save(
        stream, "PNG"
    )
    assert find_png_damage(stream.getvalue()) == PngDamage()


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        (1, 1, [2]),
        (8, 8, [2, 2, 3, 2 * 3, 2 * 5, 4 * 5, 4 * 9]),
    ],
)
def test_interlaced(width: int, height: int, sizes: list[int]) -> None:
    whole = bytes(sum(sizes))
    assert find_png_damage(png(width, height, 8, 0, whole, lace=1)) == PngDamage()
    short = png(width, height, 8, 0, whole[:-1], lace=1)
    assert find_png_damage(short) == PngDamage(broken_off=True)


def test_rows_that_are_missing_are_told() -> None:
    rows = (b"\0" + bytes([200] * 30)) * 12
    data = png(10, 20, 8, 2, rows)
    with Image.open(io.BytesIO(data)) as image:
        image.load()  # Pillow says nothing
    with pytest.raises(ImageError, match=r"^cannot be decoded \(truncated\) \(salvage=True "):
        decode(io.BytesIO(data))
    found = decode(io.BytesIO(data), ReadOptions(salvage=True))
    assert isinstance(found, Picture)
    assert found.notes == ("truncated: what could be decoded was taken",)
    np.testing.assert_array_equal(found.samples[:12], 200)


def test_a_header_of_eighty_million_pixels() -> None:
    data = png(1, 80_000_000, 1, 0, bytes(2_000))
    with pytest.raises(ImageError, match="truncated"):
        decode(io.BytesIO(data))


class TestChecksums:
    """Pillow decodes pixels whose checksum is wrong without a word; libpng refuses them."""

    @pytest.fixture
    def whole(self, photo: Pixels) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(photo[:60, :80]).save(stream, "PNG")
        return stream.getvalue()

    def test_every_changed_byte_of_the_pixels_is_found(self, whole: bytes) -> None:
        first, last = whole.index(b"IDAT") + 4, len(whole) - 16
        for at in range(first, last, 97):
            broken = bytearray(whole)
            broken[at] ^= 4
            assert find_png_damage(bytes(broken)).corrupt

    def test_a_damaged_picture_has_a_note(self, whole: bytes) -> None:
        broken = bytearray(stored(whole))
        broken[2_000] ^= 0x55
        with Image.open(io.BytesIO(broken)) as image:
            image.load()  # Pillow says nothing
        assert decode(io.BytesIO(broken)).notes == (DAMAGED,)
        assert DAMAGED in facts(io.BytesIO(broken)).notes

    def test_damage_from_before_the_chunks_were_written_is_found_too(self, whole: bytes) -> None:
        assert decode(io.BytesIO(stored(whole))).notes == ()
        assert decode(io.BytesIO(stored(whole, change=0x55))).notes == (DAMAGED,)

    def test_a_damaged_frame_of_an_animation_has_a_note(self, photo: Pixels) -> None:
        stream = io.BytesIO()
        frames = [Image.fromarray(photo[top : top + 20, :30]) for top in (0, 20, 40)]
        frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
        whole = stream.getvalue()
        assert decode(io.BytesIO(whole)).notes == ()
        end = len(whole) - 12 - 1  # of the last frame's checksum
        broken = whole[:end] + bytes([whole[end] ^ 1]) + whole[end + 1 :]
        assert decode(io.BytesIO(broken)).notes == (DAMAGED,)


def stored(png: bytes, change: int = 0) -> bytes:
    """The same rows without compression, one byte changed, the sum of them all in a chunk alone."""
    rows = zlib.compress(zlib.decompress(png[png.index(b"IDAT") + 4 : -16]), 0)
    rows = rows[:2_000] + bytes([rows[2_000] ^ change]) + rows[2_001:]
    return png[:33] + chunk(b"IDAT", rows[:-4]) + chunk(b"IDAT", rows[-4:]) + png[-12:]
