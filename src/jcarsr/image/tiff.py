"""TIFFs with 16 bits a channel, which Pillow reads but does not write."""

from __future__ import annotations

from pathlib import Path

import tifffile

from jcarsr.image.metadata import XMP_TAG
from jcarsr.image.picture import Metadata
from jcarsr.pixels import Samples

_BYTE = 1  # type of a TIFF tag


def write_tiff16(path: Path, channels: Samples, metadata: Metadata) -> None:
    """(H, W, C) uint16, C = 1, 3 or 4, to a deflated TIFF with profile, XMP and resolution.

    EXIF data is not written: tifffile makes no directories within directories.
    """
    channel_count = channels.shape[2]
    xmp = metadata.xmp
    tifffile.imwrite(
        path,
        channels[..., 0] if channel_count == 1 else channels,
        photometric="minisblack" if channel_count == 1 else "rgb",
        extrasamples=["unassalpha"] if channel_count == 4 else None,
        compression="zlib",
        predictor=True,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        iccprofile=metadata.icc_profile,
        extratags=[(XMP_TAG, _BYTE, len(xmp), xmp, True)] if xmp else [],
        metadata=None,
        software=False,
    )
