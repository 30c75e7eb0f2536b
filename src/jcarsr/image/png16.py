"""PNGs with 16 bits a colour, which Pillow reads but does not write."""

from __future__ import annotations

import struct
import zlib
from typing import IO

import numpy as np
from PIL.PngImagePlugin import putchunk

from jcarsr.image.iptc import PNG_KEYWORDS, png_text
from jcarsr.image.picture import Metadata
from jcarsr.pixels import Samples

PNG_COMMENT = "Comment"
"""Keyword of a PNG's text."""

_COLOUR_TYPE = {1: 0, 3: 2, 4: 6}  # channels -> grey, RGB, RGBA (PNG specification, table 11.1)
_UP = b"\2"  # filter: difference to the row above
_STRIP = 64  # rows compressed at once


def write_png16(file: IO[bytes], samples: Samples, metadata: Metadata) -> None:
    """(H, W, C) uint16, C = 1, 3 or 4 -> a PNG with profile, EXIF, XMP, IPTC and resolution."""
    height, width, channels = samples.shape
    file.write(b"\x89PNG\r\n\x1a\n")
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPE[channels], 0, 0, 0)
    putchunk(file, b"IHDR", header)
    if metadata.icc_profile:
        putchunk(file, b"iCCP", b"ICC Profile\0\0" + zlib.compress(metadata.icc_profile))
    if metadata.dpi:
        per_metre = (round(value / 0.0254) for value in metadata.dpi)
        putchunk(file, b"pHYs", struct.pack(">IIB", *per_metre, 1))
    if metadata.xmp:
        putchunk(file, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp)
    if metadata.iptc:
        text = zlib.compress(png_text(metadata.iptc).encode())
        putchunk(file, b"zTXt", PNG_KEYWORDS[0].encode() + b"\0\0" + text)
    for comment in metadata.comments:
        text = comment_text(comment).encode()
        putchunk(file, b"iTXt", PNG_COMMENT.encode() + bytes(5) + text)
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


def comment_text(comment: bytes) -> str:
    """Return a comment as text: UTF-8 if it can be that, else Latin-1; without zeros."""
    try:
        text = comment.decode()
    except UnicodeDecodeError:
        text = comment.decode("latin-1")
    return text.strip("\0").replace("\0", " ")
