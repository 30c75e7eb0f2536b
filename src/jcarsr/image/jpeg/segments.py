"""The segments of metadata that Pillow does not write into a JPEG."""

from __future__ import annotations

import struct

from jcarsr.image.metadata.iptc import jpeg_segment
from jcarsr.image.picture import Metadata

MAX_SEGMENT = 65_000
"""Bytes of EXIF, XMP or IPTC data, or of a comment, that a JPEG holds."""


def segments_of(metadata: Metadata) -> bytes:
    """Comments and IPTC data as a JPEG's segments, one after the other."""
    comments = (b"\xff\xfe" + struct.pack(">H", len(c) + 2) + c for c in metadata.comments)
    return b"".join(comments) + (jpeg_segment(metadata.iptc) if metadata.iptc else b"")
