"""How many parts GIF, WebP, AVIF and HEIC files are made of: a reader goes through all of them."""

from __future__ import annotations

import io
import struct
from typing import IO

from jcarsr.errors import ImageError

MAX_FRAMES = 10_000
"""Frames of an animation; a file with more is refused."""

MAX_PARTS = 20_000
"""Extensions of a GIF, chunks of a WebP or outer boxes of an AVIF or HEIC besides its frames."""

MAX_BLOCKS = 4_000_000
"""Blocks of up to 255 bytes that a GIF's data is cut into; one with more is refused."""

MAX_WHOLE = 2**28
"""Bytes of a WebP, AVIF or HEIC, whose readers hold all of it; a larger one is refused."""


def check_gif(stream: IO[bytes]) -> None:
    """Count a GIF's frames, extensions and blocks; what is broken is left to Pillow.

    Raises:
        ImageError: more than any picture needs.
    """
    stream.seek(0)
    data = stream.read()
    frames = parts = blocks = 0
    try:
        at = 13 + _palette(data[10])
        while data[at] in (0x21, 0x2C):
            if data[at] == 0x2C:
                frames += 1
                at += 11 + _palette(data[at + 9])
            else:
                parts += 1
                at += 2
            while length := data[at]:
                at += length + 1
                blocks += 1
            at += 1
            if frames > MAX_FRAMES:
                raise ImageError(f"more than {MAX_FRAMES:,} frames: refused")
            if parts > MAX_PARTS + 2 * frames or blocks > MAX_BLOCKS:
                raise ImageError("more extensions and blocks than a picture needs: refused")
    except IndexError:
        return


def breaks_off_gif(data: bytes) -> bool:
    """Whether a GIF ends within a frame or an extension. Many lack their last byte alone."""
    at = 13 + _palette(data[10])
    try:
        while at < len(data) and data[at] in (0x21, 0x2C):
            at += 11 + _palette(data[at + 9]) if data[at] == 0x2C else 2
            while length := data[at]:
                at += length + 1
            at += 1
    except IndexError:
        return True
    return False


def check_chunks(stream: IO[bytes], *, riff: bool) -> None:
    """Count a WebP's chunks (`riff`) or the outer boxes of an AVIF or HEIC.

    Raises:
        ImageError: more than any picture needs, a file too large to be held, or a WebP that is
            shorter than it says.
    """
    size = stream.seek(0, io.SEEK_END)
    if size > MAX_WHOLE:
        raise ImageError(f"has {size:,} bytes, more than {MAX_WHOLE:,}: refused")
    if riff:
        stream.seek(4)
        if 8 + int.from_bytes(stream.read(4), "little") > size:
            raise ImageError("cannot be decoded (truncated)")
    at, frames, parts = 12 if riff else 0, 0, 0
    while at + 8 <= size:
        stream.seek(at)
        head = stream.read(16)
        if riff:
            kind, length = struct.unpack_from("<4sI", head)
            at += 8 + length + length % 2
        else:
            length, kind = struct.unpack_from(">I4s", head)
            if length == 1 and len(head) == 16:
                (length,) = struct.unpack_from(">Q", head, 8)
            at = at + length if length >= 8 else size
        frames += kind == b"ANMF"
        parts += kind != b"ANMF"
        if frames > MAX_FRAMES:
            raise ImageError(f"more than {MAX_FRAMES:,} frames: refused")
        if parts > MAX_PARTS:
            raise ImageError(f"more than {MAX_PARTS:,} chunks: refused")


def _palette(flags: int) -> int:
    """Bytes of the colour table that a GIF's flags tell of."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
