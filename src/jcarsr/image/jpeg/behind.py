"""What stands behind the first picture of a JPEG: a video, other pictures, other data.

Results have no place for it. What XMP says of such data is taken out elsewhere (`xmp`).
"""

from __future__ import annotations

import re

from jcarsr.jpeg.structure import Structure, is_jpeg

_PADDING = b"\0\xff\r\n\t \x1a"
_FEW = 16  # bytes: less is nothing
_MUCH = 1024  # bytes: more is noted, also if not known
_VIDEO = re.compile(rb"ftyp(mp4|isom|iso[2-9]|avc1|qt  |M4V|3gp|MSNV|dash|heic|hevc)")


def note_on_rest(data: bytes, structure: Structure) -> str | None:
    """Return a note on the bytes behind the first picture, None if there are none that matter.

    Noted are pictures, videos and anything of a kilobyte: less is what faulty writers leave.

    Args:
        data: the file.
        structure: of its first picture.
    """
    if not structure.ended:
        return None
    rest = data[structure.end :].strip(_PADDING)
    if len(rest) < _FEW:
        return None
    kind = ""
    if is_jpeg(b"\xff" + rest):  # its first byte may be padding as well
        kind = " (another picture)"
    if _VIDEO.search(rest):
        kind = " (a video)" if not kind else " (another picture, a video)"
    if not kind and len(rest) < _MUCH:
        return None
    return f"{len(data) - structure.end:,} bytes behind the picture{kind} were left out"
