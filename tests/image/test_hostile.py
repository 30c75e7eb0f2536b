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
print(json.dumps([then[0] - seconds, then[1] - megabytes]))
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


MAKERS: list[Callable[[], bytes]] = [
    *(iptc_bombs, many_chunks, tall, many_segments, fill_bytes, large_header, many_scans),
    *(pages, frames, comments, boxes),
]


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
def test_work_and_memory(tmp_path: Path, make: Callable[[], bytes]) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(make())
    run = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(run, capture_output=True, check=True, text=True, timeout=300)
    seconds, megabytes = json.loads(done.stdout)
    assert seconds < 5
    assert megabytes < 500
