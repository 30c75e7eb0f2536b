"""TIFFs that Pillow does not write: 16 bits a channel, or compressed and with EXIF data."""

from __future__ import annotations

import io
import struct
from typing import IO, Any

import tifffile

from jcarsr.image.metadata.exif import MAIN, ExifEntry, parse_exif, read_entries
from jcarsr.image.metadata.storage_tags import STORAGE
from jcarsr.image.picture import Metadata
from jcarsr.image.tiff.tags import tags_of
from jcarsr.pixels import Samples

_STRIP_OFFSETS = 273  # TIFF tag
_RESOLUTION = frozenset({282, 283, 296})
_BYTE, _LONG = 1, 4  # types of a TIFF tag
_ALIGNMENT = 16  # bytes


def write_tiff(file: IO[bytes], channels: Samples, metadata: Metadata) -> None:
    """(H, W, C) of 8 or 16 bits, C = 1 to 4, to a deflated TIFF with all metadata.

    EXIF data stands at the beginning as it is, in its own byte order: its header is the file's,
    so that nothing in it moves.
    """
    structure = None if metadata.exif is None else parse_exif(metadata.exif)
    order = "<" if structure is None else structure.order
    written = None if structure is None else structure.to_bytes()
    if structure is None or written is None:
        file.write(_plain(channels, metadata, order))
        return
    exif = parse_exif(written)
    first = exif.base.ljust(-len(exif.base) % _ALIGNMENT + len(exif.base), b"\0")
    picture = _plain(channels, metadata, order)
    (place,) = struct.unpack_from(f"{order}I", picture, 4)
    entries = {entry.tag: entry for entry in read_entries(picture, order, place)[0]}
    tags = {entry.tag: _shift(entry, len(first), order) for entry in entries.values()}
    own = read_entries(first, order, exif.places[MAIN][0])[0]
    if metadata.dpi is None:  # those of the picture were made up
        tags = {tag: entry for tag, entry in tags.items() if tag not in _RESOLUTION}
    tags |= {e.tag: e for e in own if e.tag not in tags and e.tag not in STORAGE}
    directory = struct.pack(f"{order}H", len(tags))
    for tag in sorted(tags):
        entry = tags[tag]
        value = (
            entry.data.ljust(4, b"\0")
            if entry.place is None
            else struct.pack(f"{order}I", entry.place)
        )
        directory += struct.pack(f"{order}HHI", tag, entry.kind, entry.count) + value
    end = len(first) + len(picture) + len(picture) % 2
    file.write(first[:4] + struct.pack(f"{order}I", end) + first[8:])
    file.write(picture)
    file.write(bytes(len(picture) % 2) + directory + bytes(4))


def _shift(entry: ExifEntry, by: int, order: str) -> ExifEntry:
    data = entry.data
    if entry.tag == _STRIP_OFFSETS and entry.place is None:
        numbers = struct.unpack(f"{order}{entry.count}{'I' if entry.kind == _LONG else 'H'}", data)
        data = struct.pack(f"{order}{entry.count}I", *(number + by for number in numbers))
        return ExifEntry(entry.tag, _LONG, entry.count, data)
    return ExifEntry(
        entry.tag, entry.kind, entry.count, data, None if entry.place is None else entry.place + by
    )


def _plain(channels: Samples, metadata: Metadata, order: Any) -> bytes:
    """The bytes of a TIFF of one strip with profile, XMP, IPTC and resolution."""
    count = channels.shape[2]
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        channels[..., 0] if count == 1 else channels,
        photometric="rgb" if count > 2 else "minisblack",
        planarconfig="contig" if count > 1 else None,
        extrasamples=["unassalpha"] if count in (2, 4) else None,
        compression="zlib",
        predictor=True,
        rowsperstrip=channels.shape[0],
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        iccprofile=metadata.icc_profile,
        extratags=[(tag, _BYTE, len(v), v, True) for tag, v in tags_of(metadata).items()],
        metadata=None,
        software=False,
        byteorder=order,
        bigtiff=False,
    )
    return stream.getvalue()
