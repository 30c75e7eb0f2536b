"""Whether a PNG's pixels are whole: Pillow takes what ends too early, and looks at no checksum."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from jcarsr.image.png.layout import CHECK, SIGNATURE, iter_chunks

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type (PNG specification, table 11.1)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
_PASSES = (*_ADAM7, (0, 1, 1, 2))  # first column and row, and the steps to the next
_MOST = 1032  # bytes that a compressed one can stand for
_STEP = 2**20  # bytes inflated at once
_PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"acTL", b"fcTL", b"fdAT"})


@dataclass(frozen=True)
class PngDamage:
    """What is wrong with a PNG's pixels."""

    broken_off: bool = False
    """It has fewer rows than it says."""
    corrupt: bool = False
    """A checksum is wrong."""


def find_png_damage(png: bytes) -> PngDamage:
    """Count the rows of a PNG (of an animation, of its first picture) and look at all checksums.

    What is broken off within a chunk counts as whole here: decoding reports it.
    """
    parts, corrupt = _pixels(png)
    header = struct.unpack_from(">IIBBBBB", png, len(SIGNATURE) + 8)
    needed = _bytes_of_rows(*header[:4], interlaced=header[6] == 1)
    if sum(map(len, parts)) * _MOST < needed:
        return PngDamage(broken_off=True, corrupt=corrupt)
    inflater = zlib.decompressobj()
    try:
        for part in parts:
            rest: bytes | memoryview = part
            while len(rest):
                needed -= len(inflater.decompress(rest, _STEP))
                rest = inflater.unconsumed_tail
            if inflater.eof:
                break
        while not inflater.eof and (last := inflater.decompress(b"", _STEP)):
            needed -= len(last)
    except zlib.error:  # also a wrong Adler-32 of all rows
        return PngDamage(corrupt=True)
    # A stream that is cut off is reported by its decoder.
    return PngDamage(broken_off=needed > 0 and inflater.eof, corrupt=corrupt)


def has_wrong_checksum(png: bytes) -> bool:
    """Return whether a chunk that makes a PNG's pixels has a wrong checksum; inflates nothing."""
    return _pixels(png)[1]


def _pixels(png: bytes) -> tuple[list[memoryview], bool]:
    """The contents of its IDAT chunks; and whether a checksum of what makes its pixels is wrong."""
    found, wrong, view = list[memoryview](), False, memoryview(png)
    for chunk in iter_chunks(io.BytesIO(png)):
        start, end = chunk.start, chunk.start + chunk.length
        if chunk.kind == b"IDAT":
            found.append(view[start:end])
        if chunk.kind in _PIXELS and chunk.end <= len(png):
            wrong |= zlib.crc32(view[start - 4 : end]) != int.from_bytes(view[end : end + CHECK])
    return found, wrong


def _bytes_of_rows(width: int, height: int, bits: int, colour: int, *, interlaced: bool) -> int:
    """Bytes of all rows with their filters' numbers, before they are compressed."""
    total = 0
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * bits * _CHANNELS.get(colour, 1) // 8))
    return total
