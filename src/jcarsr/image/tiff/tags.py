"""Which tags of a TIFF are its pixels', and which hold metadata."""

from __future__ import annotations

from PIL import ExifTags

from jcarsr.image.metadata.iptc import IPTC_TAG
from jcarsr.image.picture import Metadata

XMP_TAG = int(ExifTags.Base.XMLPacket)
STORAGE = frozenset(
    {254, 255, *range(256, 260), 262, 266, 273, 274, *range(277, 282), 284, 290, 291, 292, 293}
    | {297, 301, 317, 320, *range(321, 326), 330, 332, 333, 334, 336, 337, 338, 339, 340, 341}
    | {347, *range(512, 522), 529, 530, 531, 532, 700, 33723, 34377, 34675}
)
"""Tags of a TIFF's own pixels: they say how a file is stored, not what the picture is."""


def tags_of(metadata: Metadata) -> dict[int, bytes]:
    """XMP and IPTC data as a TIFF's tags."""
    values = {XMP_TAG: metadata.xmp, IPTC_TAG: metadata.iptc}
    return {tag: value for tag, value in values.items() if value}
