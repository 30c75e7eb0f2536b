"""Whether the strips and tiles of a TIFF are whole: libtiff stops reading when it has its rows."""

from __future__ import annotations

import zlib
from typing import Any

from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.jpeg.damage import find_damage
from jcarsr.jpeg.structure import read_structure

_COMPRESSION, _FILL_ORDER, _JPEG_TABLES = 259, 266, 347
_PIECES = ((324, 325), (273, 279))  # places and lengths: of tiles, of strips
_JPEG, _DEFLATE = 7, frozenset({8, 32946})
_STEP = 2**20  # bytes inflated at once
_MOST = 64  # bytes of a pixel that are inflated at most, rows and columns of tiles included


def is_damaged_tiff(image: Image.Image, data: bytes) -> bool:
    """Return whether a deflated or JPEG-compressed strip or tile of an opened TIFF is damaged.

    Those of other compressions have nothing that would show it.

    Args:
        image: opened, at the page that is meant.
        data: its file.
    """
    tags: Any = getattr(image, "tag_v2", {})
    compression = tags.get(_COMPRESSION, 1)
    if compression in _DEFLATE and tags.get(_FILL_ORDER, 1) == 1:
        return _has_bad_stream(_pieces(tags, data), _MOST * image.width * image.height + _STEP)
    if compression == _JPEG:
        tables = tags.get(_JPEG_TABLES)
        tables = tables if isinstance(tables, bytes) else b""
        return any(_is_bad_jpeg(piece, tables) for piece in _pieces(tags, data))
    return False


def _pieces(tags: Any, data: bytes) -> list[memoryview]:
    """The strips or tiles; none if they lie over each other, or no integers say where they are."""
    view = memoryview(data)
    for names in _PIECES:
        places, lengths = (_integers(tags.get(name)) for name in names)
        if places and lengths and sum(lengths) <= len(data):
            pairs = zip(places, lengths, strict=False)
            return [view[place : place + length] for place, length in pairs]
    return []


def _integers(values: Any) -> list[int]:
    """The values of a tag; none unless all are integers, whatever type the file gives them."""
    found: list[Any] = list(values) if isinstance(values, tuple) else []  # pyright: ignore[reportUnknownArgumentType]
    return found if all(isinstance(value, int) for value in found) else []


def _has_bad_stream(pieces: list[memoryview], most: int) -> bool:
    """Whether one of deflated pieces is damaged, of those that make `most` bytes together."""
    for piece in pieces:
        inflater = zlib.decompressobj()
        rest: bytes | memoryview = piece
        try:
            while len(rest) and not inflater.eof and most > 0:
                most -= len(inflater.decompress(rest, _STEP))
                rest = inflater.unconsumed_tail
            while not inflater.eof and most > 0 and (last := inflater.decompress(b"", _STEP)):
                most -= len(last)
        except zlib.error:
            return True
        if most <= 0:
            return False
        if not inflater.eof:
            return True
    return False


def _is_bad_jpeg(piece: memoryview, tables: bytes) -> bool:
    jpeg = tables[:-2] + bytes(piece[2:]) if tables else bytes(piece)
    try:
        damage = find_damage(jpeg, read_structure(jpeg))
    except ImageError:
        return False
    return damage.broken_off or damage.corrupt
