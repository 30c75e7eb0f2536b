"""TIFFs with 16 bits a channel, which Pillow reads but does not write."""

from __future__ import annotations

import struct
from pathlib import Path

import tifffile
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from jcarsr.image.iptc import IPTC_TAG
from jcarsr.image.metadata import XMP_TAG, make_writable
from jcarsr.image.picture import Metadata
from jcarsr.pixels import Samples

_STRIP_OFFSETS = 273  # TIFF tag
_GROUPS = frozenset({int(ExifTags.IFD.Exif), int(ExifTags.IFD.GPSInfo)})
_BYTE = 1  # type of a TIFF tag


def write_tiff16(path: Path, channels: Samples, metadata: Metadata) -> None:
    """(H, W, C) uint16, C = 1, 3 or 4, to a deflated TIFF with profile, XMP, IPTC and resolution.

    EXIF data is put in behind: tifffile makes no directories within directories.
    """
    channel_count = channels.shape[2]
    blobs = {XMP_TAG: metadata.xmp, IPTC_TAG: metadata.iptc}
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
        extratags=[(tag, _BYTE, len(data), data, True) for tag, data in blobs.items() if data],
        metadata=None,
        software=False,
        byteorder="<",
        bigtiff=False,
    )
    if metadata.exif:
        _add_exif(path, metadata.exif)


def _add_exif(path: Path, exif: bytes) -> None:
    """Give a TIFF a new directory, at its end, with the EXIF data's tags beside its own."""
    with path.open("rb") as file:
        directory = ImageFileDirectory_v2(file.read(8))
        file.seek(directory.next)
        directory.load(file)
    offsets = directory[_STRIP_OFFSETS]
    tags = Image.Exif()
    tags.load(exif)
    make_writable(tags)
    new = ImageFileDirectory_v2(prefix=b"II")
    for tag, value in directory.items():
        new.tagtype[tag] = directory.tagtype[tag]
        new[tag] = value
    for tag, value in tags.items():
        if tag not in new:
            new[tag] = tags.get_ifd(tag) if tag in _GROUPS else value
    with path.open("r+b") as file:
        place = file.seek(0, 2)
        file.write(b"\0" * (place % 2))  # directories begin at even places
        place += place % 2
        file.write(new.tobytes(place))
        file.seek(4)  # where a TIFF's header says where its first directory is
        file.write(struct.pack("<I", place))
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages.first.tags[_STRIP_OFFSETS].overwrite(offsets)  # Pillow has moved them
