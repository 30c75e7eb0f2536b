"""What a PNG says of itself behind its pixels (PNG specification, 5.3: the layout of chunks)."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from typing import Any

from PIL import Image

from jcarsr.image.metadata.iptc import PNG_KEYWORDS
from jcarsr.image.png.texts import XMP_KEYWORD

_MAX_CHUNK = 2**24  # bytes of a PNG chunk with metadata; a larger one is left unread
_XMP = XMP_KEYWORD.encode() + b"\0"


def find_late_metadata(png: Image.Image) -> None:
    """Give a PNG the EXIF, XMP and IPTC data that stand behind its pixels.

    Pillow would decode all pixels to look there.
    """
    stream: Any = getattr(png, "fp", None)
    at = stream.tell()
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            break
        end = stream.tell() + length + 4
        if kind in (b"eXIf", b"iTXt", b"tEXt", b"zTXt") and length < _MAX_CHUNK:
            data: bytes = stream.read(length)
            if kind == b"eXIf":
                png.info.setdefault("exif", b"Exif\0\0" + data)
            elif data.startswith(_XMP):
                _find_late_xmp(png, data.removeprefix(_XMP))
            elif kind != b"iTXt":
                _find_late_iptc(png, data, packed=kind == b"zTXt")
        stream.seek(end)
    stream.seek(at)
    png.info.setdefault("exif", None)  # looked for: Pillow need not


def _find_late_xmp(png: Image.Image, rest: bytes) -> None:
    """Give a PNG the text of an iTXt chunk, of which the keyword has been taken off."""
    packed = rest[:1] == b"\1"
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if packed:
        with suppress(zlib.error):
            text = zlib.decompressobj().decompress(text, _MAX_CHUNK)
    png.info.setdefault("xmp", text)


def _find_late_iptc(png: Image.Image, chunk: bytes, *, packed: bool) -> None:
    """Give a PNG the text of a chunk if it stands for IPTC data."""
    keyword, _, text = chunk.partition(b"\0")
    if keyword.decode("latin-1") not in PNG_KEYWORDS:
        return
    if packed:
        with suppress(zlib.error):
            text = zlib.decompressobj().decompress(text[1:], _MAX_CHUNK)
    png.info.setdefault(keyword.decode("latin-1"), text.decode("latin-1"))
