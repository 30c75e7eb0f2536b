import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import Picture, ReadOptions, decode
from jcarsr.image.png.rows import has_all_rows


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
    assert has_all_rows(stream.getvalue())


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        (1, 1, [2]),
        (8, 8, [2, 2, 3, 2 * 3, 2 * 5, 4 * 5, 4 * 9]),
    ],
)
def test_interlaced(width: int, height: int, sizes: list[int]) -> None:
    whole = bytes(sum(sizes))
    assert has_all_rows(png(width, height, 8, 0, whole, lace=1))
    assert not has_all_rows(png(width, height, 8, 0, whole[:-1], lace=1))


def test_rows_that_are_missing_are_told() -> None:
    rows = (b"\0" + bytes([200] * 30)) * 12
    data = png(10, 20, 8, 2, rows)
    with Image.open(io.BytesIO(data)) as image:
        image.load()  # Pillow says nothing
    with pytest.raises(ImageError, match=r"^cannot be decoded \(truncated\) \(--salvage restores"):
        decode(io.BytesIO(data))
    found = decode(io.BytesIO(data), ReadOptions(salvage=True))
    assert isinstance(found, Picture)
    assert found.notes == ("truncated: what could be decoded was taken",)
    np.testing.assert_array_equal(found.samples[:12], 200)


def test_a_header_of_eighty_million_pixels() -> None:
    data = png(1, 80_000_000, 1, 0, bytes(2_000))
    with pytest.raises(ImageError, match="truncated"):
        decode(io.BytesIO(data))
