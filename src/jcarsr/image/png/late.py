"""What a PNG says of itself behind its pixels (PNG specification, 5.3: the layout of chunks)."""

from __future__ import annotations

from typing import Any

from PIL import Image

from jcarsr.image.metadata.iptc import PNG_KEYWORDS
from jcarsr.image.png.layout import TEXT_KINDS, XMP_KEYWORD, iter_chunks, split_text

_MAX_CHUNK = 2**24  # bytes of a PNG chunk with metadata; a larger one is left unread


def find_late_metadata(png: Image.Image) -> None:
    """Give a PNG the EXIF, XMP and IPTC data that stand behind its pixels.

    Pillow would decode all pixels to look there.
    """
    stream: Any = getattr(png, "fp", None)
    at = stream.tell()
    for chunk in iter_chunks(stream):
        if chunk.kind not in (b"eXIf", *TEXT_KINDS) or chunk.length >= _MAX_CHUNK:
            continue
        data: bytes = stream.read(chunk.length)
        if chunk.kind == b"eXIf":
            png.info.setdefault("exif", b"Exif\0\0" + data)
            continue
        found = split_text(chunk.kind, data)
        if chunk.kind == b"iTXt" and found.keyword == XMP_KEYWORD:
            png.info.setdefault("xmp", found.text)
        elif found.keyword in PNG_KEYWORDS:
            png.info.setdefault(found.keyword, found.text.decode("latin-1"))
    stream.seek(at)
    png.info.setdefault("exif", None)  # looked for: Pillow need not
