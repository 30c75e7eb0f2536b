"""Small files that ask for much: work and memory of reading them, each in its own process."""

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

READ = """
import json, resource, sys, warnings
warnings.simplefilter("ignore")
from jcarsr.errors import ImageError
from jcarsr.image import MAX_PIXELS, decode, limit_pillow
from jcarsr.image.facts import facts
limit_pillow(MAX_PIXELS)
def used():
    now = resource.getrusage(resource.RUSAGE_SELF)
    return now.ru_utime + now.ru_stime, now.ru_maxrss / 1024
seconds, megabytes = used()
for read in (facts, decode):
    try:
        read(sys.argv[1])
    except ImageError:
        pass
    then = used()
sum(number * number for number in range(2_000_000))
yardstick = used()[0] - then[0]
print(json.dumps([(then[0] - seconds) / yardstick, then[1] - megabytes]))
"""


def saved(format: str, **options: object) -> bytes:
    stream = BytesIO()
    Image.linear_gradient("L").resize((64, 64)).convert("RGB").save(stream, format, **options)  # pyright: ignore
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(part: bytes, *, late: bool) -> bytes:
    whole = saved("PNG")
    at = len(whole) - 12 if late else 33
    return whole[:at] + part + whole[at:]


def iptc_bombs() -> bytes:
    bomb = b"Raw profile type iptc\0\0" + zlib.compress(bytes(2**24), 9)
    return png(chunk(b"zTXt", bomb) * 640, late=True)


def many_chunks() -> bytes:
    return png(chunk(b"tEXt", b"") * 2_000_000, late=False)


def tall() -> bytes:
    head = struct.pack(">IIBBBBB", 1, 99_999_999, 1, 0, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(bytes(2_000_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


def many_segments() -> bytes:
    whole = saved("JPEG")
    return whole[:2] + b"\xff\xfe\0\2" * 8_000_000 + whole[2:]


def fill_bytes() -> bytes:
    whole = saved("JPEG")
    return whole[:2] + b"\xff" * 30_000_000 + whole[2:]


def large_header(progressive: bool = False) -> bytes:
    whole = bytearray(saved("JPEG", progressive=progressive))
    at = whole.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    whole[at : at + 4] = struct.pack(">HH", 9_999, 10_000)
    return bytes(whole)


def many_scans() -> bytes:
    whole = large_header(progressive=True)
    scan = whole.index(b"\xff\xda")
    return whole[:scan] + (whole[scan : scan + 14] + b"\0\0") * 3_000 + b"\xff\xd9"


def pages() -> bytes:
    whole = bytearray(saved("TIFF"))
    (first,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, first)
    struct.pack_into("<I", whole, first + 2 + 12 * count, len(whole))
    tag = struct.pack("<HHHII", 1, 256, 3, 1, 1)
    start = len(whole)
    return bytes(whole) + b"".join(
        tag + struct.pack("<I", start + 18 * (index + 1)) for index in range(100_000)
    )


def gif(middle: bytes) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + middle + b";"


def frames() -> bytes:
    return gif((b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0") * 1_000_000)


def comments() -> bytes:
    return gif(b"\x21\xfe\1a\0" * 5_000_000)


def boxes() -> bytes:
    return saved("AVIF") + (struct.pack(">I", 8) + b"free") * 3_000_000


def early_bombs() -> bytes:
    bomb = zlib.compress(bytes(2**20 - 1), 9)
    return png(b"".join(chunk(b"zTXt", b"C%d\0\0" % n + bomb) for n in range(2_000)), late=False)


def profile_bomb() -> bytes:
    return png(chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(2**28), 9)), late=False)


def overlaps() -> bytes:
    """65,535 tags whose values are the same 700,000 bytes."""
    return b"".join(struct.pack("<HHII", tag, 7, 700_000, 8) for tag in range(65_535)) + bytes(4)


def exif_of_overlaps() -> bytes:
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + overlaps()
    return png(chunk(b"eXIf", exif), late=False)


def jpeg_of_overlaps() -> bytes:
    """The same in many segments, which readers put together."""
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + overlaps()
    parts = [b"Exif\0\0" + exif[at : at + 65_000] for at in range(0, len(exif), 65_000)]
    segments = (b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in parts)
    whole = saved("JPEG")
    return whole[:2] + b"".join(segments) + whole[2:]


def webp_of_overlaps() -> bytes:
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + overlaps()
    return riff((b"VP8X", bytes([8, 0, 0, 0, 63, 0, 0, 63, 0, 0])), *still(), (b"EXIF", exif))


def tiff(tags: list[tuple[int, int, int, int]], rest: bytes = b"") -> bytes:
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + rest


def tags(width: int, height: int, *others: tuple[int, int, int, int]) -> list[tuple[int, ...]]:
    """Those of a deflated grey TIFF, its data behind a directory of eleven."""
    fixed = ((258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1), (284, 3, 1, 1))
    return [(256, 4, 1, width), (257, 4, 1, height), *fixed, *others]


def tiff_of_overlaps() -> bytes:
    more = [(tag, 7, 700_000, 8) for tag in range(1_000, 60_000)]
    strips = ((273, 4, 1, 8), (278, 4, 1, 16), (279, 4, 1, 256))
    return tiff([*tags(16, 16, *strips), *more])  # pyright: ignore


def tiles() -> bytes:
    data, at = zlib.compress(bytes(10**7), 9), 8 + 2 + 12 * 11 + 4
    return tiff(
        tags(
            16, 16, (322, 4, 1, 46_000), (323, 4, 1, 46_000), (324, 4, 1, at), (325, 4, 1, 10_000)
        ),  # pyright: ignore
        data,
    )


def strips() -> bytes:
    count, at = 7_000_000, 8 + 2 + 12 * 10 + 4
    own = ((278, 4, 1, 1), (273, 4, count, at), (279, 4, count, at))
    return tiff(tags(16, count, *own), bytes(4 * count))  # pyright: ignore


def many_pages() -> bytes:
    """A chain of a million directories."""
    whole = bytearray(saved("TIFF"))
    (first,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, first)
    struct.pack_into("<I", whole, first + 2 + 12 * count, len(whole))
    size = struct.pack("<HHII", 256, 3, 1, 1) + struct.pack("<HHII", 257, 3, 1, 1)
    return bytes(whole) + b"".join(
        b"\2\0" + size + struct.pack("<I", len(whole) + 30 * (index + 1)) for index in range(10**6)
    )


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def still() -> list[tuple[bytes, bytes]]:
    """The one chunk of a plain WebP of 64x64."""
    whole = saved("WEBP")
    return [(whole[12:16], whole[20 : 20 + struct.unpack_from("<I", whole, 16)[0]])]


def webp_chunks() -> bytes:
    return riff(
        (b"VP8X", bytes([0] * 4 + [63, 0, 0, 63, 0, 0])), *still(), *[(b"AAAA", b"")] * 10**6
    )


def webp_xmp() -> bytes:
    head = (b"VP8X", bytes([4, 0, 0, 0, 63, 0, 0, 63, 0, 0]))
    return riff(head, *still(), (b"XMP ", b"tiff:Orientation " * 1_800_000))


def png_frames() -> bytes:
    """An animation of 100,000 frames of one pixel."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"acTL", struct.pack(">II", 100_000, 0))]
    pixels = zlib.compress(bytes(2))
    for frame in range(100_000):
        number = 2 * frame - (frame > 0)
        parts.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 1, 1, 0, 0, 0, 0, 0, 0)))
        parts.append(
            chunk(b"fdAT", struct.pack(">I", number + 1) + pixels)
            if frame
            else chunk(b"IDAT", pixels)
        )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def nested_boxes() -> bytes:
    head = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"heicmif1"
    return head + b"".join(
        struct.pack(">I", 12 * (200_000 - depth)) + b"meta" + bytes(4) for depth in range(200_000)
    )


def garbage() -> bytes:
    whole = saved("JPEG")
    return whole[:2] + bytes(30_000_000) + whole[2:]


def tables() -> bytes:
    whole = saved("JPEG")
    return whole[:2] + (b"\xff\xdb\0\x43\0" + bytes([1] * 64)) * 400_000 + whole[2:]


MAKERS: list[Callable[[], bytes]] = [
    *(iptc_bombs, many_chunks, tall, many_segments, fill_bytes, large_header, many_scans),
    *(pages, frames, comments, boxes, early_bombs, profile_bomb, exif_of_overlaps),
    *(jpeg_of_overlaps, webp_of_overlaps, tiff_of_overlaps, tiles, strips, many_pages),
    *(webp_chunks, webp_xmp, png_frames, nested_boxes, garbage, tables),
]


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
def test_work_and_memory(tmp_path: Path, make: Callable[[], bytes]) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(make())
    run = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(run, capture_output=True, check=True, text=True, timeout=300)
    yardsticks, megabytes = json.loads(done.stdout)
    assert yardsticks < 50  # of 0.13 s on a computer of 2023
    assert megabytes < 500
