"""What a PNG says of itself behind its pixels (PNG specification, 5.3: the layout of chunks)."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from typing import Any

from PIL import Image

from jcarsr.image.metadata.iptc import PNG_KEYWORDS
from jcarsr.image.png.texts import XMP_KEYWORD, is_own_text

_MAX_CHUNK = 2**24  # bytes of a PNG chunk with metadata; a larger one is left unread
_XMP = XMP_KEYWORD.encode() + b"\0"


def find_late_metadata(png: Image.Image) -> None:
    """Give a PNG the EXIF, XMP and IPTC data and the texts that stand behind its pixels.

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
                png.info.setdefault("xmp", _international(data.removeprefix(_XMP)))
            else:
                _find_late_text(png, data, kind)
        stream.seek(end)
    stream.seek(at)
    png.info.setdefault("exif", None)  # looked for: Pillow need not


def _international(rest: bytes) -> bytes:
    """The text of an iTXt chunk, of which the keyword has been taken off."""
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _inflated(text) if rest[:1] == b"\1" else text


def _find_late_text(png: Image.Image, chunk: bytes, kind: bytes) -> None:
    """Give a PNG the text of a chunk, if it is IPTC data or a text of its own."""
    start, _, text = chunk.partition(b"\0")
    keyword = start.decode("latin-1")
    if keyword not in PNG_KEYWORDS and not is_own_text(keyword):
        return
    if kind == b"iTXt":
        png.info.setdefault(keyword, _international(text).decode("utf-8", "replace"))
    else:
        plain = _inflated(text[1:]) if kind == b"zTXt" else text
        png.info.setdefault(keyword, plain.decode("latin-1"))


def _inflated(packed: bytes) -> bytes:
    """What was compressed, as much as is allowed; the bytes themselves if it is none."""
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(packed, _MAX_CHUNK)
    return packed
