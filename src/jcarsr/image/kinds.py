"""What a file is that is no picture of a known format, by how it begins."""

from __future__ import annotations

import re
from typing import IO

_HEAD = 512  # bytes that are looked at

_BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cJXL \r\n", "a JPEG XL"),
    (0, b"\0\0\0\x0cjP  \r\n", "a JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (0, b"\xff\xd8\xff\xf7", "a JPEG-LS"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%PDF", "a PDF"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"gimp xcf", "a GIMP file"),
    (0, b"\0\0\1\0", "an icon"),
    (0, b"qoif", "a QOI"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"v/1\1", "an OpenEXR"),
    (0, b"#?RADIANCE", "a Radiance HDR"),
    (0, b"AT&TFORM", "a DjVu"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (4, b"ftypqt", "a video"),
    (4, b"ftypmp4", "a video"),
    (4, b"ftypisom", "a video"),
    (4, b"ftyp3g", "a video"),
    (4, b"ftypM4V", "a video"),
)
_DAMAGED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a JPEG"),
    (0, b"\x89PNG", "a PNG"),
    (0, b"GIF8", "a GIF"),
    (8, b"WEBP", "a WebP"),
    (4, b"ftypavi", "an AVIF"),
    (4, b"ftyphei", "a HEIC"),
    (4, b"ftypmif1", "a HEIC"),
    (0, b"II*\0", "a TIFF"),
    (0, b"MM\0*", "a TIFF"),
    (0, b"BM", "a BMP"),
)
_PORTABLE = re.compile(rb"P[1-7]\s")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!?a-zA-Z]")
_AS_TEXT = b"\xc3\xbf\xc3\x98\xc3\xbf"  # a JPEG's first bytes, taken for letters and saved as UTF-8


def kind_of(stream: IO[bytes]) -> str | None:
    """Return in words what a file is that cannot be read, None if it begins like nothing known.

    A file of a format that is read is one that is damaged: its reader has refused it.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    for at, beginning, name in _BEGINNINGS:
        if head[at:].startswith(beginning):
            return f"{name}, which cannot be read"
    for at, beginning, name in _DAMAGED:
        if head[at:].startswith(beginning):
            return f"{name} that is damaged or breaks off: its header cannot be read"
    if _PORTABLE.match(head):
        return "a PNM, which cannot be read"
    if _MARKUP.match(head):
        lower = head.lower()
        name = "an SVG" if b"<svg" in lower else "a web page" if b"<html" in lower else "markup"
        return f"{name}, no picture that can be read"
    if head.startswith(_AS_TEXT):
        return "a JPEG that was converted as if it were text: its data is lost"
    return None
