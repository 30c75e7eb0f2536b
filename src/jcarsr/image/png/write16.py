"""PNGs with 16 bits a colour, which Pillow reads but does not write."""

from __future__ import annotations

import struct
import zlib
from typing import IO

import numpy as np
from PIL.PngImagePlugin import putchunk

from jcarsr.image.picture import Metadata
from jcarsr.image.png.layout import SIGNATURE
from jcarsr.image.png.texts import texts_of
from jcarsr.pixels import Samples

_COLOUR_TYPE = {1: 0, 3: 2, 4: 6}  # channels -> grey, RGB, RGBA (PNG specification, table 11.1)
_UP = b"\2"  # filter: difference to the row above
_STRIP = 64  # rows compressed at once


def write_png16(file: IO[bytes], samples: Samples, metadata: Metadata) -> None:
    """(H, W, C) uint16, C = 1, 3 or 4 -> a PNG with profile, EXIF, XMP, IPTC and resolution."""
    height, width, channels = samples.shape
    file.write(SIGNATURE)
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPE[channels], 0, 0, 0)
    putchunk(file, b"IHDR", header)
    if metadata.icc_profile:
        putchunk(file, b"iCCP", b"ICC Profile\0\0" + zlib.compress(metadata.icc_profile))
    if metadata.dpi:
        per_metre = (round(value / 0.0254) for value in metadata.dpi)
        putchunk(file, b"pHYs", struct.pack(">IIB", *per_metre, 1))
    for kind, text, *_ in texts_of(metadata).chunks:
        putchunk(file, kind, text)
    if metadata.exif:
        putchunk(file, b"eXIf", metadata.exif.removeprefix(b"Exif\0\0"))
    packer = zlib.compressobj(6)
    above = np.zeros((1, width * channels * 2), np.uint8)
    for top in range(0, height, _STRIP):
        strip = samples[top : top + _STRIP].astype(">u2").reshape(-1, width * channels)
        rows = strip.view(np.uint8)
        differences = rows - np.concatenate((above, rows[:-1]))
        putchunk(
            file, b"IDAT", packer.compress(b"".join(_UP + row.tobytes() for row in differences))
        )
        above = rows[-1:]
    putchunk(file, b"IDAT", packer.flush())
    putchunk(file, b"IEND", b"")
