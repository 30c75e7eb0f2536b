"""IPTC data (captions, keywords, credits): where each kind of file keeps it.

Its records (IPTC-IIM 4.2) are carried over as they are. JPEG has them in an image resource block
of Photoshop's (Adobe's file format specification, "Image resource section"), TIFF as a tag or in
such a block, and PNG as a text with a block in it, which ImageMagick invented and ExifTool and
Exiv2 read and write.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from jcarsr.image.metadata.raw_profile import RAW, parse_raw_profile

IPTC_TAG = 33723
"""Of a TIFF."""

PNG_KEYWORDS = (f"{RAW}iptc", f"{RAW}8bim")
"""Of a PNG's text; the first is the one to write."""

_BLOCKS_TAG = 34377
_SIGNATURE = b"8BIM"
_RESOURCE = 0x0404  # IPTC-NAA record
_PHOTOSHOP = b"Photoshop 3.0\0"
_RECORD = 0x1C  # begins every record
_EXTENDED = 0x8000  # the length of a record's length follows, instead of its length


def find_iptc(image: Image.Image) -> bytes | None:
    """The records that an opened file holds, None if it holds none.

    Raises:
        ValueError: they are broken; so may be what lies around them, which raises other errors.
    """
    broken: ValueError | None = None
    for stored in _iptc_blocks(image):
        try:
            return _records(stored) or None
        except ValueError as error:
            broken = error
    if broken:
        raise broken
    return None


def jpeg_segment(records: bytes) -> bytes:
    """A whole segment of a JPEG, marker included; of up to 65,000 bytes of records."""
    content = _PHOTOSHOP + _block(records)
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def png_text(records: bytes) -> str:
    """The text of a PNG for the first of PNG_KEYWORDS."""
    block = _block(records)
    digits = block.hex()
    lines = (digits[start : start + 72] for start in range(0, len(digits), 72))
    return "\n".join(("", "iptc", f"{len(block):8d}", *lines, ""))


def _iptc_blocks(image: Image.Image) -> Iterator[bytes]:
    """What is called IPTC data, wherever it is."""
    if isinstance(image, TiffImageFile):
        # as stored: Photoshop calls the bytes numbers, of which Pillow would give the first alone
        tags: dict[int, bytes] = getattr(image.tag_v2, "_tagdata")  # noqa: B009
        if IPTC_TAG in tags:
            yield tags[IPTC_TAG]
        yield from _in_blocks(tags.get(_BLOCKS_TAG, b""))
    resources: dict[int, Any] = image.info.get("photoshop", {})  # of a JPEG, taken apart
    if _RESOURCE in resources:
        yield resources[_RESOURCE]
    for keyword in PNG_KEYWORDS:
        if text := image.info.get(keyword):
            data = parse_raw_profile(text).removeprefix(_PHOTOSHOP)
            yield from _in_blocks(data) if data.startswith(_SIGNATURE) else (data,)


def _records(data: bytes) -> bytes:
    """All records, without the zeros by which TIFFs make their number of bytes even."""
    end = 0
    while data[end : end + 1] == bytes([_RECORD]):
        (length,) = struct.unpack(">H", data[end + 3 : end + 5].rjust(2, b"\0"))
        end += 5
        if length & _EXTENDED:
            size = length - _EXTENDED
            length = int.from_bytes(data[end : end + size])
            end += size
        end += length
    if end > len(data) or any(data[end:]):
        raise ValueError("not IPTC records, or cut off")
    return data[:end]


def _in_blocks(data: bytes) -> Iterator[bytes]:
    """The records among image resource blocks."""
    while data.startswith(_SIGNATURE):
        code, name_length = struct.unpack_from(">HB", data, 4)
        start = 6 + _even(1 + name_length)
        (length,) = struct.unpack_from(">I", data, start)
        content = data[start + 4 : start + 4 + length]
        if code == _RESOURCE:
            yield content
        data = data[start + 4 + _even(length) :]


def _block(records: bytes) -> bytes:
    """An image resource block without a name."""
    head = _SIGNATURE + struct.pack(">HHI", _RESOURCE, 0, len(records))
    return head + records + b"\0" * (len(records) % 2)


def _even(length: int) -> int:
    return length + length % 2
