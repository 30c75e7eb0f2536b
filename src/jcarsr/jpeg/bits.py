"""Huffman codes at every place of a JPEG's data, looked up before they are needed.

A loop in Python that goes from code to code is quick enough where it only has to follow what numpy
has found for every bit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

GROUP_BYTES = 10_000
"""What may be read after `Codes.at` until it has to be called again."""

INVALID = 0xFFFF
"""The entry of bits that are no code."""

Table = npt.NDArray[np.uint16]  # (65536,), an entry for every 16 bits that may come
_WINDOW = 400_000  # bytes looked at together
_RESTART = re.compile(rb"\xff+[\xd0-\xd7]")


@dataclass(frozen=True)
class Interval:
    """The data between two restart markers."""

    start: int
    """In bits, within the joined data."""
    end: int
    marker: int | None
    """0 to 7: the one in front of it; None = the scan's first."""


def intervals_of(data: bytes) -> tuple[bytes, list[Interval]]:
    """A scan's data without stuffed zeros, fill bytes and markers; and its intervals."""
    parts: list[bytes] = []
    found: list[Interval] = []
    at, place, marker = 0, 0, None
    for restart in (*_RESTART.finditer(data), None):
        part = data[at : len(data) if restart is None else restart.start()]
        part = (part.rstrip(b"\xff") if restart is None else part).replace(b"\xff\0", b"\xff")
        parts.append(part)
        found.append(Interval(place * 8, (place + len(part)) * 8, marker))
        place += len(part)
        if restart is not None:
            at, marker = restart.end(), restart[0][-1] & 7
    return b"".join(parts), found


def code_entries(table: bytes) -> list[tuple[int, int, int]]:
    """(first of the 16-bit values that begin with it, length, symbol) of each Huffman code.

    Raises:
        ValueError: more codes than there can be.
    """
    entries: list[tuple[int, int, int]] = []
    code, at = 0, 16
    for length in range(1, 17):
        for symbol in table[at : at + table[length - 1]]:
            entries.append((code << (16 - length), length, symbol))
            code += 1
        at += table[length - 1]
        if code > 1 << length:
            raise ValueError("a Huffman table with too many codes")
        code <<= 1
    return entries


def symbol_table(table: bytes) -> Table:
    """Entry: length | symbol << 5, INVALID where no code begins."""
    found = np.full(1 << 16, INVALID, np.uint16)
    for start, length, symbol in code_entries(table):
        found[start : start + (1 << (16 - length))] = length | symbol << 5
    return found


class Codes:
    """What each of some tables finds at each bit of `data`.

    Args:
        data: joined intervals.
        tables: entries by the next 16 bits.
    """

    def __init__(self, data: bytes, tables: Sequence[Table]) -> None:
        self._data = data + bytes(GROUP_BYTES + 4)
        self._tables = tables
        self._base, self._limit = 0, -1  # in bits: where the window begins and must be moved
        self._bits = memoryview(b"")
        self._found: list[memoryview] = []

    def at(self, place: int) -> tuple[int, memoryview, list[memoryview]]:
        """(base, next 16 bits, entries of each table), arrays that hold place - base and after."""
        if not self._base <= place <= self._limit:
            first = min(place >> 3, len(self._data) - GROUP_BYTES - 4)
            window = self._data[first : first + _WINDOW + GROUP_BYTES + 4]
            self._base = first * 8
            self._limit = (first + max(len(window) - GROUP_BYTES - 4, 0)) * 8
            octets = np.frombuffer(window, np.uint8).astype(np.uint32)
            words = octets[:-2] << 16 | octets[1:-1] << 8 | octets[2:]
            bits = (words[:, None] >> np.arange(8, 0, -1, dtype=np.uint32)).astype(np.uint16)
            flat = np.ascontiguousarray(bits.reshape(-1))
            self._bits = flat.data
            self._found = [table[flat].data for table in self._tables]
        return self._base, self._bits, self._found
