"""How a PNG is laid out: a signature and chunks one after another (PNG specification, 5)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHECK = 4
"""Bytes of a checksum."""

XMP_KEYWORD = "XML:com.adobe.xmp"
"""Of the text that is XMP data (XMP specification, part 3, 1.1.5)."""

TEXT_KINDS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_MAX_INFLATED = 2**24  # bytes of a text


@dataclass(frozen=True)
class Chunk:
    """Where a chunk is; its data may reach beyond the file's end."""

    kind: bytes
    start: int
    """Of its data; eight bytes before are its length and kind."""
    length: int

    @property
    def end(self) -> int:
        """Behind its checksum."""
        return self.start + self.length + CHECK


@dataclass(frozen=True)
class Text:
    """The parts of a chunk of text."""

    keyword: str
    text: bytes
    """Inflated, as far as it can be; Latin-1, or UTF-8 if it is international."""
    language: str | None = None
    translated: str | None = None
    """The keyword in that language; None = the text is not international."""


def is_png(head: bytes) -> bool:
    """Whether a file that begins with `head` is taken as a PNG."""
    return head.startswith(SIGNATURE)


def iter_chunks(stream: IO[bytes]) -> Iterator[Chunk]:
    """Yield the chunks of a PNG up to its last; the stream may be moved meanwhile."""
    at = len(SIGNATURE)
    while True:
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        chunk = Chunk(kind, at + 8, length)
        yield chunk
        if kind == b"IEND":
            return
        at = chunk.end


def split_text(kind: bytes, data: bytes) -> Text:
    """Return the parts of one of TEXT_KINDS."""
    start, _, rest = data.partition(b"\0")
    keyword = start.decode("latin-1")
    if kind == b"tEXt":
        return Text(keyword, rest)
    if kind == b"zTXt":
        return Text(keyword, _inflated(rest[1:]))
    language, _, words = rest[2:].partition(b"\0")
    translated, _, text = words.partition(b"\0")
    if rest[:1] == b"\1":
        text = _inflated(text)
    return Text(
        keyword, text, language.decode("utf-8", "replace"), translated.decode("utf-8", "replace")
    )


def _inflated(packed: bytes) -> bytes:
    """What was compressed, as much as is allowed; the bytes themselves if it is none."""
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(packed, _MAX_INFLATED)
    return packed
