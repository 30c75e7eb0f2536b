"""Whether EXIF data are whole. Pillow leaves out what is not, and only warns of it."""

from __future__ import annotations

import re
import struct

from PIL import TiffImagePlugin

from jcarsr.image.metadata.ifd import CAMERA, GPS, INTEROP, LONG, PLACE, SIZES


def is_damaged(exif: bytes) -> bool:
    """Whether directories or values that EXIF data speak of are not in them.

    A thumbnail (IFD1) is not looked at.
    """
    tiff = re.sub(rb"^(Exif\0\0){1,2}", b"", exif)
    if not tiff.startswith(tuple(TiffImagePlugin.PREFIXES)):
        return True
    order = "<" if tiff.startswith(b"II") else ">"
    seen = set[int]()
    try:
        places = list(struct.unpack_from(f"{order}I", tiff, 4))
        while places:
            place = places.pop()
            if place in seen:
                return True
            seen.add(place)
            places += _groups(tiff, order, place)
    except struct.error:  # beyond the end
        return True
    return False


def _groups(tiff: bytes, order: str, place: int) -> list[int]:
    """Where the directories are that one leads to; raises struct.error if it is damaged."""
    (count,) = struct.unpack_from(f"{order}H", tiff, place)
    groups: list[int] = []
    held = 0
    for at in range(place + 2, place + 2 + 12 * count, 12):
        tag, kind, number, value = struct.unpack_from(f"{order}HHII", tiff, at)
        size = number * SIZES.get(kind, 0)
        if size > 4:
            held += size
            struct.unpack_from(f"{size}x", tiff, value)
        elif tag in (CAMERA, GPS, INTEROP) and kind in (LONG, PLACE):
            groups.append(value)
    if held > len(tiff):
        raise struct.error("values that lie over each other")
    return groups
