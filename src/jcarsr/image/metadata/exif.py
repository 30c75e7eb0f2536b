"""EXIF data whose tags keep their types, bytes and places (TIFF 6.0, section 2; Exif 2.32, 4.5).

What is not changed stays where it is: makers' notes point to places within the whole structure.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field, replace

from jcarsr.image.metadata.ifd import (
    CAMERA,
    GPS,
    INTEROP,
    LONG,
    ORDERS,
    PLACE,
    RATIONAL,
    SHORT,
    SIZES,
)

PREFIX = b"Exif\0\0"
MAIN = 0
"""The group of the first directory; others are called by the tags that lead to them."""

_INNER = {MAIN: (CAMERA, GPS), CAMERA: (INTEROP,), GPS: (), INTEROP: ()}
_MAKER_NOTE = 0x927C
_MOVABLE = (b"Nikon\0\2", b"FUJIFILM", b"OLYMPUS\0", b"OM SYSTEM\0", b"Apple iOS\0", b"PENTAX \0")
_FARTHEST = 60_000  # bytes to which a maker's note of a TIFF may be kept at its place
_THUMBNAIL = ((513, 514), (273, 279))  # tags of places and of lengths


@dataclass(frozen=True)
class ExifEntry:
    """One tag of a directory."""

    tag: int
    kind: int  # type of TIFF
    count: int
    data: bytes
    """In the structure's byte order."""
    place: int | None = None
    """Of `data` in the structure; None = in the entry, or to be appended."""


@dataclass
class Exif:
    """A structure: its bytes and what its directories are to hold."""

    order: str
    """"<" or ">"."""
    base: bytes
    groups: dict[int, dict[int, ExifEntry]]
    places: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    # of each directory in `base`, and the number of its entries

    def numbers(self, group: int, tag: int) -> list[float] | None:
        """Return the values of a tag of unsigned numbers; None if there is none such."""
        entry = self.groups.get(group, {}).get(tag)
        if entry is None or entry.kind not in (SHORT, LONG, RATIONAL):
            return None
        if entry.kind != RATIONAL:
            letter = "H" if entry.kind == SHORT else "I"
            return list(struct.unpack(f"{self.order}{entry.count}{letter}", entry.data))
        parts = struct.unpack(f"{self.order}{2 * entry.count}I", entry.data)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return [above / below if below else 0.0 for above, below in pairs]

    def set_integers(self, group: int, tag: int, values: list[int]) -> None:
        """Give a tag integers, of the type it has or of the smaller one that holds them."""
        old = self.groups.get(group, {}).get(tag)
        kind = LONG if max(values) > 65_535 or (old and old.kind == LONG) else SHORT
        letter = "H" if kind == SHORT else "I"
        self._set(group, tag, kind, struct.pack(f"{self.order}{len(values)}{letter}", *values))

    def set_rational(self, group: int, tag: int, value: float) -> None:
        """Give a tag a positive number with up to three digits behind the point."""
        below = 1 if value == round(value) else 1000
        above = min(round(value * below), 2**32 - 1)
        self._set(group, tag, RATIONAL, struct.pack(f"{self.order}2I", above, below))

    def exchange(self, group: int, first: int, second: int) -> None:
        """Exchange the values of two tags, if both are there."""
        tags = self.groups.get(group, {})
        if first in tags and second in tags:
            one, other = tags[first], tags[second]
            self._set(group, first, other.kind, other.data)
            self._set(group, second, one.kind, one.data)

    def _set(self, group: int, tag: int, kind: int, data: bytes) -> None:
        tags = self.groups.setdefault(group, {})
        old = tags.get(tag)
        place = None
        if old is not None and len(old.data) == len(data) and not self._is_shared(old):
            place = old.place
        tags[tag] = ExifEntry(tag, kind, len(data) // SIZES[kind], data, place)

    def _is_shared(self, entry: ExifEntry) -> bool:
        """Whether another tag's value lies at the same place, as equal ones may."""
        if entry.place is None:
            return False
        start, end = entry.place, entry.place + len(entry.data)
        return any(
            other.place is not None and other.place < end and start < other.place + len(other.data)
            for tags in self.groups.values()
            for other in tags.values()
            if other is not entry
        )

    def to_bytes(self) -> bytes | None:
        """Return the structure behind its prefix, None if it holds nothing."""
        data = bytearray(self.base)
        main = self._write(data, MAIN)
        if main is None:
            return None
        struct.pack_into(f"{self.order}I", data, 4, main)
        return PREFIX + bytes(data)

    def _write(self, data: bytearray, group: int) -> int | None:
        """Write a directory and those within; gives its place, None if it is empty."""
        tags = dict(self.groups.get(group, {}))
        for inner in _INNER[group]:
            place = self._write(data, inner)
            if place is not None:
                tags[inner] = ExifEntry(inner, LONG, 1, struct.pack(f"{self.order}I", place))
        if not tags:
            return None
        place, room = self.places.get(group, (0, -1))
        if len(tags) > room:
            place = _append(data, bytes(6 + 12 * len(tags)))
        else:
            data[place : place + 6 + 12 * room] = bytes(6 + 12 * room)
        content = struct.pack(f"{self.order}H", len(tags))
        for tag in sorted(tags):
            content += self._pack_entry(data, tags[tag])
        data[place : place + len(content)] = content
        return place

    def _pack_entry(self, data: bytearray, entry: ExifEntry) -> bytes:
        """Return the twelve bytes of an entry; longer values go into `data`."""
        head = struct.pack(f"{self.order}HHI", entry.tag, entry.kind, entry.count)
        if len(entry.data) <= 4:
            return head + entry.data.ljust(4, b"\0")
        place = entry.place
        if place is None:
            place = _append(data, entry.data)
        data[place : place + len(entry.data)] = entry.data
        return head + struct.pack(f"{self.order}I", place)


def parse_exif(stored: bytes) -> Exif:
    """Read EXIF data; tags and groups that are not in it are left out, and so is a thumbnail.

    Raises:
        ValueError: there is no first directory.
    """
    tiff = re.sub(rb"^(Exif\0\0){1,2}", b"", stored)
    order = ORDERS.get(tiff[:4])
    if order is None:
        raise ValueError("no TIFF structure")
    found = Exif(order, b"", {})
    try:
        following = _read(found, tiff, MAIN, struct.unpack_from(f"{order}I", tiff, 4)[0])
    except struct.error as error:
        raise ValueError("no first directory") from error
    found.base = _without_thumbnail(found, tiff, following)
    return found


def gather_exif(tiff: bytes, unwanted: frozenset[int]) -> tuple[Exif, bool]:
    """Read the tags of a TIFF file that are not of its pixels, as a structure of their own.

    Returns:
        the structure, and whether a maker's note had to be left out: most point to places of the
        file.

    Raises:
        ValueError: no TIFF, or one of more than 4 GiB.
    """
    order = ORDERS.get(tiff[:4])
    if order is None:
        raise ValueError("no TIFF structure")
    found = Exif(order, tiff[:4] + bytes(4), {})
    try:
        _read(found, tiff, MAIN, struct.unpack_from(f"{order}I", tiff, 4)[0])
    except struct.error as error:
        raise ValueError("no first directory") from error
    note = found.groups.get(CAMERA, {}).get(_MAKER_NOTE)
    for group, tags in found.groups.items():
        kept = {tag: replace(entry, place=None) for tag, entry in tags.items()}
        found.groups[group] = kept
    for tag in unwanted:
        found.groups[MAIN].pop(tag, None)
    found.places.clear()
    lost = False
    if note is not None and note.place is not None and not note.data.startswith(_MOVABLE):
        if note.place + len(note.data) <= _FARTHEST:
            found.base = found.base.ljust(note.place, b"\0") + note.data
            found.groups[CAMERA][_MAKER_NOTE] = note
        else:
            del found.groups[CAMERA][_MAKER_NOTE]
            lost = True
    return found, lost


def _append(data: bytearray, content: bytes) -> int:
    data += bytes(len(data) % 2)  # values begin at even places
    place = len(data)
    data += content
    return place


def read_entries(tiff: bytes, order: str, place: int) -> tuple[list[ExifEntry], int]:
    """Return the entries of a directory whose values are in the structure, and the next place.

    Raises:
        struct.error: the directory itself is not, or values lie over each other.
    """
    (count,) = struct.unpack_from(f"{order}H", tiff, place)
    struct.unpack_from(f"{12 * count}x", tiff, place + 2)
    entries: list[ExifEntry] = []
    held = 0
    for at in range(place + 2, place + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", tiff, at)
        size = number * SIZES.get(kind, 0)
        if not size:
            continue
        start = at + 8 if size <= 4 else struct.unpack_from(f"{order}I", tiff, at + 8)[0]
        if start + size <= len(tiff):
            held += size
            if held > len(tiff):
                raise struct.error("values that lie over each other")
            data = tiff[start : start + size]
            entries.append(ExifEntry(tag, kind, number, data, start if size > 4 else None))
    rest = tiff[place + 2 + 12 * count :][:4]
    return entries, struct.unpack(f"{order}I", rest)[0] if len(rest) == 4 else 0


def _read(found: Exif, tiff: bytes, group: int, place: int) -> int:
    entries, following = read_entries(tiff, found.order, place)
    if place in {known for known, _ in found.places.values()}:
        raise struct.error("directories within themselves")
    (count,) = struct.unpack_from(f"{found.order}H", tiff, place)
    found.places[group] = place, count
    tags = {entry.tag: entry for entry in entries}
    found.groups[group] = tags
    for inner in (CAMERA, GPS, INTEROP):
        pointer = tags.pop(inner, None)
        if pointer is None or pointer.kind not in (LONG, PLACE) or inner not in _INNER[group]:
            continue
        try:
            _read(found, tiff, inner, struct.unpack_from(f"{found.order}I", pointer.data)[0])
        except struct.error:
            found.groups.pop(inner, None)
            found.places.pop(inner, None)
    return following


def _without_thumbnail(found: Exif, tiff: bytes, place: int) -> bytes:
    """The structure with zeros for its second directory and the picture that it leads to."""
    used = [(at, at + 6 + 12 * count) for at, count in found.places.values()]
    for tags in found.groups.values():
        used += [(e.place, e.place + len(e.data)) for e in tags.values() if e.place is not None]
    data = bytearray(tiff)
    try:
        entries, _ = read_entries(tiff, found.order, place) if place else ([], 0)
    except struct.error:
        entries = []
    if entries:
        holder = Exif(found.order, b"", {MAIN: {entry.tag: entry for entry in entries}})
        holes = [(place, place + 6 + 12 * struct.unpack_from(f"{found.order}H", tiff, place)[0])]
        holes += [(e.place, e.place + len(e.data)) for e in entries if e.place is not None]
        for starts, lengths in _THUMBNAIL:
            pairs = zip(
                holder.numbers(MAIN, starts) or [],
                holder.numbers(MAIN, lengths) or [],
                strict=False,
            )
            holes += [(int(start), int(start + length)) for start, length in pairs]
        for start, end in holes:
            _blank(data, start, min(end, len(data)), used)
    last = max((end for _, end in used), default=8)
    return bytes(data[:last]) + bytes(data[last:]).rstrip(b"\0")


def _blank(data: bytearray, start: int, end: int, used: list[tuple[int, int]]) -> None:
    """Put zeros where nothing is that is kept."""
    for first, last in sorted(used):
        if start < last and first < end:
            _blank(data, start, first, [])
            start = max(start, last)
    if start < end:
        data[start:end] = bytes(end - start)
