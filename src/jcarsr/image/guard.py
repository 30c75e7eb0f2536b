"""What a file is and how much it asks of its reader, looked at before Pillow reads it."""

from __future__ import annotations

import io
import os
import re
import stat
from pathlib import Path
from typing import IO

from jcarsr.errors import ImageError
from jcarsr.image.metadata.overlaps import has_overlaps, without_overlaps
from jcarsr.image.parts import check_chunks, check_gif
from jcarsr.image.png.chunks import without_bad_chunks
from jcarsr.image.png.layout import is_png
from jcarsr.image.tiff.directory import check_tiff
from jcarsr.jpeg.structure import LOSSLESS, is_jpeg, read_structure

MAX_BYTES = 2**30
"""Bytes of a file; a larger one is refused."""

_EXIF = "its EXIF data is broken and was left out"
_EXIF_SEGMENT = re.compile(rb"\xff\xe1(..)Exif\0\0", re.DOTALL)
_CANON_RAW = b"crx "  # brand of CR3 files
_HIERARCHICAL = frozenset({0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF})


def check_file(path: str | Path) -> None:
    """Refuse what is no file of a bounded size: pipes, devices, endless ones.

    Raises:
        ImageError: it is none, or larger than MAX_BYTES.
        OSError: there is none.
    """
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        return  # opening it says so
    if not stat.S_ISREG(found.st_mode):
        raise ImageError("no file but a pipe or device")
    check_length(found.st_size)  # /proc has files without end of 0 bytes


def check_length(count: int) -> None:
    """Refuse a file of so many bytes if it is empty or too large.

    Raises:
        ImageError: it is, or larger than MAX_BYTES.
    """
    if count > MAX_BYTES:
        raise ImageError(f"has {count:,} bytes, more than {MAX_BYTES:,}: refused")
    if not count:
        raise ImageError("not a picture that can be read")


def check_content(stream: IO[bytes], max_pixels: int) -> tuple[IO[bytes] | None, tuple[str, ...]]:
    """Refuse kinds that their names give away, and what asks for more than a picture needs.

    Returns:
        the same file without what would cost its picture, None if there is nothing such; and notes
        on it.

    Raises:
        ImageError: such a file.
    """
    other, notes = None, ()
    stream.seek(0)
    head = stream.read(16)
    if is_jpeg(head):
        stream.seek(0)
        other, notes = _check_jpeg(stream.read(MAX_BYTES))
    elif is_png(head):
        other, notes = without_bad_chunks(stream)
    elif head.startswith(b"GIF8"):
        check_gif(stream)
    elif head.startswith(b"RIFF") or (head[4:8] == b"ftyp" and head[8:12] != _CANON_RAW):
        check_chunks(stream, riff=head.startswith(b"RIFF"))
        stream.seek(0)
        harmless = without_overlaps(stream.read(MAX_BYTES))
        if harmless is not None:
            other, notes = io.BytesIO(harmless), (_EXIF,)
    else:  # a TIFF or a camera raw file, if it is either
        check_tiff(stream, max_pixels)
    stream.seek(0)
    return other, notes


def _check_jpeg(data: bytes) -> tuple[IO[bytes] | None, tuple[str, ...]]:
    """Refuse kinds that are not read; gives the file without EXIF data that cost too much."""
    structure = read_structure(data)
    frame = structure.frame
    if frame is not None and frame.kind in _HIERARCHICAL:
        raise ImageError("hierarchical JPEGs are not supported")
    if frame is not None and frame.bits != 8:
        kind = "lossless JPEGs" if frame.kind in LOSSLESS else "JPEGs"
        raise ImageError(f"{kind} of {frame.bits} bits a sample are not supported")
    segments = [
        (found.start(), found.start() + 2 + int.from_bytes(found[1]))
        for found in _EXIF_SEGMENT.finditer(data, 0, structure.end)
    ]
    if not has_overlaps(b"".join(data[start + 10 : end] for start, end in segments)):
        return None, ()
    kept, at = io.BytesIO(), 0
    for start, end in segments:
        kept.write(data[at : max(start, at)])
        at = max(end, at)
    kept.write(data[at:])
    kept.seek(0)
    return kept, (_EXIF,)
