"""The memory of decoding, told before: against what the system says of a process that decodes."""

import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from jcarsr.errors import LargePictureError, MemoryLimitError
from jcarsr.image import Picture, ReadOptions, decode, save
from jcarsr.image.header import Header, read_header

MEASURE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from jcarsr.image import decode
from jcarsr.image.header import read_header
decode(sys.argv[1])  # imports what is needed
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = peak()
decode(sys.argv[2])
print(json.dumps([peak() - before, read_header(sys.argv[2]).need]))
"""
SIDE = 3_000
FIXED = 2**26  # bytes of tables, buffers and strips, the same for every size


def header(data: bytes, **options: object) -> Header:
    return read_header(io.BytesIO(data), ReadOptions(**options))  # pyright: ignore


def saved(format: str, size: tuple[int, int] = (50, 40), **options: object) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, format, **options)  # pyright: ignore
    return file.getvalue()


def claiming(width: int, height: int, bits: int, colour: int) -> bytes:
    """A PNG whose pixels are not there."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


def test_what_a_header_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = header(saved("JPEG", exif=exif.tobytes(), progressive=True))
    assert (found.width, found.height, found.size) == (50, 40, (40, 50))
    assert (found.itemsize, found.frames) == (1, 1)
    assert found.work == 50 * 40 * 10  # libjpeg's script for colours has ten scans
    assert header(claiming(300, 200, 16, 6)).itemsize == 2
    film = [Image.new("RGB", (16, 16), (40 * n, 0, 0)) for n in range(3)]
    data = saved("PNG", (16, 16), save_all=True, append_images=film)
    assert header(data).frames == 4
    assert header(data, first_frame=True).frames == 1


@pytest.mark.parametrize("bits", [8, 16])
def test_refused_before_a_pixel_is_decoded(bits: int) -> None:
    """The file lacks nearly all of its rows, of which nothing is told."""
    data = claiming(9_000, 9_000, bits, 6)
    most = 400 * 2**20
    with pytest.raises(LargePictureError, match=r"needs about .* \(9000x9000\), more than the 400"):
        decode(io.BytesIO(data), ReadOptions(max_memory=most))
    with pytest.raises(MemoryLimitError):
        header(data, max_memory=most)
    assert header(data).need > 9_000**2 * 4 * bits // 8
    with pytest.raises(Exception, match="truncated"):
        decode(io.BytesIO(data), ReadOptions(max_memory=2**32))


def large(kind: str, path: Path) -> None:
    """A picture of nine megapixels, as quick to write as can be."""
    across = np.arange(SIDE, dtype=np.uint16)
    grey = (across[:, None] * 7 + across[None] * 5).astype(np.uint8)
    image = Image.merge(
        "RGB", [Image.fromarray(grey), Image.fromarray(grey.T)] * 1 + [Image.fromarray(grey[::-1])]
    )
    alpha = image.convert("RGBA")
    alpha.putalpha(Image.fromarray(grey))
    deep = np.stack([grey.astype(np.uint16) * 257] * 3, axis=2)
    if kind in ("16 bits", "16 bits and alpha"):
        picture = Picture(deep, alpha=deep[..., 0] if kind.endswith("alpha") else None)
        save(picture, path.with_suffix(".png"))
        path.with_suffix(".png").rename(path)
    elif kind == "TIFF of 16 bits":
        tifffile.imwrite(path, deep, photometric="rgb", rowsperstrip=SIDE)
    else:
        format, _, rest = kind.partition(" ")
        source = {"alpha": alpha, "grey": image.convert("L"), "palette": image.quantize(16)}
        chosen = source.get(rest, image)
        options: dict[str, object] = {"progressive": rest == "progressive"}
        options |= {"compress_level": 1} if format == "PNG" else {}
        options |= {"speed": 10} if format == "AVIF" else {"method": 0}
        if rest == "CMYK":
            chosen = image.convert("CMYK")
        chosen.save(path, format, **options)  # pyright: ignore


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak")
@pytest.mark.parametrize(
    "kind",
    [
        *("PNG", "PNG alpha", "PNG grey", "PNG palette", "16 bits", "16 bits and alpha"),
        *("JPEG", "JPEG progressive", "JPEG grey", "JPEG CMYK", "WEBP", "WEBP alpha", "AVIF"),
        *("AVIF alpha", "TIFF", "TIFF of 16 bits", "BMP", "GIF palette"),
    ],
)
def test_decoding_takes_no_more_than_is_told(tmp_path: Path, kind: str) -> None:
    path, small = tmp_path / "large", tmp_path / "small"
    large(kind, path)
    with Image.open(path) as image:
        Image.new("RGB", (16, 16)).save(small, image.format)
    run = [sys.executable, "-c", MEASURE, str(small), str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=600)
    taken, told = json.loads(done.stdout)
    assert taken <= told + FIXED
    assert told <= 2.5 * taken  # which has the fixed part
