"""Whether a PNG has all its rows: Pillow takes pixels that end too early, if they end well."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from jcarsr.image.png.chunks import SIGNATURE

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type (PNG specification, table 11.1)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
_PASSES = (*_ADAM7, (0, 1, 1, 2))  # first column and row, and the steps to the next
_MOST = 1032  # bytes that a compressed one can stand for
_STEP = 2**20  # bytes inflated at once


def has_all_rows(png: bytes) -> bool:
    """Whether the pixels of a PNG (of an animation, its first picture) are as many as it says.

    What is broken otherwise counts as whole here: decoding reports it.
    """
    parts = list(_pixels(png))
    header = struct.unpack_from(">IIBBBBB", png, len(SIGNATURE) + 8)
    needed = _bytes_of_rows(*header[:4], interlaced=header[6] == 1)
    if sum(map(len, parts)) * _MOST < needed:
        return False
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
    except zlib.error:
        return True
    return needed <= 0 or not inflater.eof  # one that is cut off is reported by its decoder


def _pixels(png: bytes) -> Iterator[memoryview]:
    """The contents of its IDAT chunks."""
    at, view = len(SIGNATURE), memoryview(png)
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"IDAT":
            yield view[at + 8 : at + 8 + length]
        at += 12 + length


def _bytes_of_rows(width: int, height: int, bits: int, colour: int, *, interlaced: bool) -> int:
    """Bytes of all rows with their filters' numbers, before they are compressed."""
    total = 0
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * bits * _CHANNELS.get(colour, 1) // 8))
    return total
