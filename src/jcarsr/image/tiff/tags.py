"""The tags in which a TIFF keeps what Pillow gives no name to."""

from __future__ import annotations

from PIL import ExifTags

from jcarsr.image.metadata.iptc import IPTC_TAG
from jcarsr.image.picture import Metadata

XMP_TAG = int(ExifTags.Base.XMLPacket)


def tags_of(metadata: Metadata) -> dict[int, bytes]:
    """XMP and IPTC data as a TIFF's tags."""
    values = {XMP_TAG: metadata.xmp, IPTC_TAG: metadata.iptc}
    return {tag: value for tag, value in values.items() if value}
