"""Metadata as a PNG's text of hexadecimal digits, from before PNGs had chunks for them.

ImageMagick invented it; ExifTool and Exiv2 read it, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

RAW = "Raw profile type "
"""How the keywords of such texts begin."""

EXIF_KEYWORDS = (f"{RAW}exif", f"{RAW}APP1")
"""Of texts with EXIF data; the second may hold XMP data instead, as a JPEG's segment does."""

_XMP_KEYWORD = f"{RAW}xmp"
_TEXT = re.compile(r"\n?[^\n]+\n\s*(\d+)\n([0-9a-fA-F\s]*)")  # name, bytes, digits
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"  # XMP specification, part 3, 1.1.3
_BROKEN = b"?"  # neither, of which a reader says so


def parse_raw_profile(text: str) -> bytes:
    """The bytes that such a text stands for.

    Raises:
        ValueError: it is none, or holds fewer bytes or more than it says.
    """
    match = _TEXT.fullmatch(text)
    data = bytes.fromhex(match[2]) if match else b""
    if match is None or len(data) != int(match[1]):
        raise ValueError("a raw profile that is broken")
    return data


def exif_and_xmp(texts: Mapping[str, str]) -> dict[str, bytes]:
    """What texts hold of both, by keyword, as Pillow has them: "exif" and "xmp"."""
    found: dict[str, bytes] = {}
    for keyword in (*EXIF_KEYWORDS, _XMP_KEYWORD):
        if keyword not in texts:
            continue
        try:
            data = parse_raw_profile(texts[keyword])
        except ValueError:
            data = _BROKEN
        if keyword == _XMP_KEYWORD or data.startswith(_XMP):
            found.setdefault("xmp", data.removeprefix(_XMP))
        elif data:
            found.setdefault("exif", _EXIF + data.removeprefix(_EXIF))
    return found
