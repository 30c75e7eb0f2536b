"""TIFF structures whose values lie over each other: small ones that take gigabytes when read.

Every value of a directory is copied by its reader. A directory of 65,535 tags that all point to the
same bytes costs as many times their length.
"""

from __future__ import annotations

import re
import struct

from jcarsr.image.metadata.ifd import CAMERA, GPS, INTEROP, ORDERS, SIZES

_START = re.compile(rb"II\*\0|MM\0\*")
_MOST_DIRECTORIES = 16
_MOST_STARTS = 1_000
_INNER = 12  # bytes of an entry


def has_overlaps(tiff: bytes) -> bool:
    """Whether a directory of an EXIF structure holds more bytes of values than there are."""
    return bool(_overlapping_directories(tiff, 0))


def without_overlaps(data: bytes) -> bytes | None:
    """The bytes of any file with such directories of EXIF structures in it made empty.

    Returns:
        None if there are none.
    """
    places: list[int] = []
    for number, start in enumerate(_START.finditer(data)):
        if number == _MOST_STARTS:
            break
        places += _overlapping_directories(data, start.start())
    if not places:
        return None
    result = bytearray(data)
    for place in places:
        result[place : place + 2] = b"\0\0"  # the number of its entries
    return bytes(result)


def _overlapping_directories(data: bytes, start: int) -> list[int]:
    """The places of the directories of a structure that hold more than there is behind `start`."""
    order = ORDERS.get(data[start : start + 4])
    if order is None or start + 8 > len(data):
        return []
    length, found, seen = len(data) - start, list[int](), set[int]()
    waiting: list[int] = [struct.unpack_from(f"{order}I", data, start + 4)[0]]
    while waiting and len(seen) < _MOST_DIRECTORIES:
        place = waiting.pop()
        if not place or place in seen or place + 2 > length:
            continue
        seen.add(place)
        at = start + place
        (count,) = struct.unpack_from(f"{order}H", data, at)
        entries = data[at + 2 : at + 2 + _INNER * count]
        whole = len(entries) // _INNER * _INNER
        held = 0
        for tag, kind, number, value in struct.iter_unpack(f"{order}HHII", entries[:whole]):
            size = number * SIZES.get(kind, 0)
            if tag in (CAMERA, GPS, INTEROP) and number == 1:
                waiting.append(value)
            elif size > 4 and value + size <= length:
                held += size
        following = data[at + 2 + whole : at + 6 + whole]
        if len(following) == 4:
            waiting += struct.unpack(f"{order}I", following)
        if held > length:
            found.append(at)
    return found
