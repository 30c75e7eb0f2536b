"""EXIF, XMP and IPTC data of a PNG, before its pixels or behind them, in all forms they have."""

from __future__ import annotations

from typing import IO, Any

from jcarsr.image.metadata.iptc import PNG_KEYWORDS
from jcarsr.image.metadata.raw_profile import RAW, exif_and_xmp
from jcarsr.image.png.layout import TEXT_KINDS, XMP_KEYWORD, iter_chunks, split_text

_MAX_CHUNK = 2**24  # bytes of a PNG chunk with metadata; a larger one is left unread


def metadata_of(stream: IO[bytes]) -> dict[str, Any]:
    """A PNG's metadata as entries of `Image.info`; Pillow need not look for any then.

    To look behind the pixels (PNG specification, 5.3) it would decode them all, and of the texts
    that ImageMagick wrote it reads one kind.

    Args:
        stream: with chunks that `without_bad_chunks` lets through.
    """
    found: dict[str, Any] = {}
    raw: dict[str, str] = {}
    for chunk in iter_chunks(stream):
        if chunk.kind not in (b"eXIf", *TEXT_KINDS) or chunk.length >= _MAX_CHUNK:
            continue
        data = stream.read(chunk.length)
        if chunk.kind == b"eXIf":
            found.setdefault("exif", b"Exif\0\0" + data)
            continue
        text = split_text(chunk.kind, data)
        if chunk.kind == b"iTXt" and text.keyword == XMP_KEYWORD:
            found.setdefault("xmp", text.text)
        elif text.keyword.startswith(RAW):
            raw.setdefault(text.keyword, text.text.decode("latin-1"))
    iptc = {keyword: raw[keyword] for keyword in PNG_KEYWORDS if keyword in raw}
    return {"exif": None, **exif_and_xmp(raw), **found, **iptc}
