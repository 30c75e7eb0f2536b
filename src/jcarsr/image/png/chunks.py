"""A PNG without the chunks of metadata that would cost its picture (PNG specification, 5)."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from typing import IO

from jcarsr.errors import ImageError
from jcarsr.image.metadata.iptc import PNG_KEYWORDS
from jcarsr.image.metadata.overlaps import has_overlaps
from jcarsr.image.metadata.raw_profile import EXIF_KEYWORDS, parse_raw_profile
from jcarsr.image.png.layout import (
    CHECK,
    SIGNATURE,
    TEXT_KINDS,
    XMP_KEYWORD,
    Chunk,
    iter_chunks,
    split_text,
)

MAX_EXTRA = 10_000
"""Chunks that are no pixels; a PNG with more is refused."""

MAX_CHUNKS = 300_000
"""Chunks in all; a PNG with more is refused."""

_MAX_STORED = 2**24  # bytes of a chunk of metadata
_MAX_TEXT = 2**20  # bytes of a text or profile, inflated: as much as Pillow takes
_MAX_TEXTS = 2**24  # bytes of all together
_PACKED = frozenset({b"zTXt", b"iTXt", b"iCCP"})
_TEXTS = TEXT_KINDS | _PACKED
_FRAMES = frozenset({b"acTL", b"fcTL", b"fdAT"})  # without them, pixels would be missing
_SHORTEST = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"eXIf": 8, b"tRNS": 1}
_NAMES = {b"iCCP": "colour profile", b"eXIf": "EXIF data", b"tRNS": "transparency"}


@dataclass
class _Sorting:
    kept: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """From, to."""
    dropped: dict[str, str] = field(default_factory=dict[str, str])
    """chunk -> why."""
    texts: int = 0
    """Bytes, inflated."""


def without_bad_chunks(stream: IO[bytes]) -> tuple[IO[bytes] | None, tuple[str, ...]]:
    """The same PNG without metadata that is broken or too large, and a note on each kind of it.

    None stands for the stream itself, if nothing of it is left out.

    Raises:
        ImageError: more chunks than any picture needs.
    """
    found = _sort(stream)
    if not found.dropped:
        return None, ()
    result = io.BytesIO()
    for start, end in found.kept:
        stream.seek(start)
        result.write(stream.read(end - start))
    result.seek(0)
    notes = (f"its {name} {why} and was left out" for name, why in found.dropped.items())
    return result, tuple(notes)


def _sort(stream: IO[bytes]) -> _Sorting:
    found = _Sorting(kept=[(0, len(SIGNATURE))])
    size = stream.seek(0, io.SEEK_END)
    at, extra, kind = len(SIGNATURE), 0, b""
    for chunks, chunk in enumerate(iter_chunks(stream), 1):
        kind = chunk.kind
        extra += kind not in (b"IDAT", b"fdAT", b"fcTL")
        if chunks > MAX_CHUNKS or extra > MAX_EXTRA:
            raise ImageError(f"more than {MAX_EXTRA:,} chunks of metadata: refused")
        why = None
        if kind[:1].islower() and kind not in _FRAMES and chunk.end <= size:
            why = _reason(stream, chunk, found)
        if why is None:
            found.kept.append((at, min(chunk.end, size)))
        else:
            found.dropped[_name(stream, kind, chunk.start)] = why
        at = chunk.end
    if kind != b"IEND" and at < size:  # too little for a chunk
        found.kept.append((at, size))
    return found


def _reason(stream: IO[bytes], chunk: Chunk, found: _Sorting) -> str | None:
    """Why a chunk is left out; None = it is sound."""
    kind, length = chunk.kind, chunk.length
    if length > _MAX_STORED:
        return "is too large"
    data = stream.read(length)
    if zlib.crc32(kind + data) != int.from_bytes(stream.read(CHECK)):
        return "is broken (wrong checksum)"
    if length < _SHORTEST.get(kind, 0):
        return "is broken"
    if kind == b"eXIf":
        return "is broken" if has_overlaps(data) else None
    if kind not in _TEXTS:
        return None
    if length > _MAX_TEXTS - found.texts:
        return "is too large"
    try:
        packed = _compressed_part(kind, data)
        inflater = zlib.decompressobj()
        text = b"" if packed is None else inflater.decompress(packed, _MAX_TEXT + 1)
    except zlib.error:
        return "is broken"
    found.texts += length + len(text)
    if len(text) > _MAX_TEXT:
        return "is too large"
    if kind in TEXT_KINDS and _is_bad_exif(kind, data):
        return "is broken"
    return "is broken" if packed is not None and not inflater.eof else None


def _is_bad_exif(kind: bytes, data: bytes) -> bool:
    """Whether a text holds EXIF data, as ImageMagick writes them, that cost too much to read."""
    if data.partition(b"\0")[0].decode("latin-1") not in EXIF_KEYWORDS:
        return False
    try:
        exif = parse_raw_profile(split_text(kind, data).text.decode("latin-1"))
    except ValueError:
        return False
    return has_overlaps(exif.removeprefix(b"Exif\0\0"))


def _name(stream: IO[bytes], kind: bytes, at: int) -> str:
    """What the content of a chunk, at a place of the file, is to a user."""
    stream.seek(at)
    keyword = stream.read(80).partition(b"\0")[0].decode("latin-1")
    if kind in _TEXTS and keyword in PNG_KEYWORDS:
        return "IPTC data"
    if kind in _TEXTS and keyword in EXIF_KEYWORDS:
        return "EXIF data"
    if kind == b"iTXt" and keyword == XMP_KEYWORD:
        return "XMP data"
    text = "text" if kind in _TEXTS else "chunk"
    return _NAMES.get(kind, f"{text} {ascii(kind.decode('latin-1'))[1:-1]}")


def _compressed_part(kind: bytes, data: bytes) -> bytes | None:
    """The compressed part of a chunk; None = it has none."""
    if kind not in _PACKED:
        return None
    _, _, rest = data.partition(b"\0")
    if kind != b"iTXt" and rest[:1] not in (b"\0", b""):
        raise zlib.error("an unknown way of compression")
    if kind != b"iTXt":
        return rest[1:]
    if rest[:1] != b"\1":
        return None
    return rest[2:].partition(b"\0")[2].partition(b"\0")[2]
