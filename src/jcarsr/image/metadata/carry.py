"""Metadata carried over to a result of another size."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from PIL import ExifTags

from jcarsr.image.geometry import Change, Stored
from jcarsr.image.metadata.exif import MAIN, parse_exif
from jcarsr.image.metadata.ifd import CAMERA, INTEROP
from jcarsr.image.metadata.xmp import for_change, subject
from jcarsr.image.picture import Metadata

_INCH = 2  # unit of a resolution
_SUBJECT_AREA, _SUBJECT_LOCATION = 0x9214, 0xA214
_RELATED_WIDTH, _RELATED_HEIGHT = 0x1001, 0x1002
_FOCAL_X, _FOCAL_Y = 0xA20E, 0xA20F
_EMPTY = b"II*\0\x08\0\0\0" + bytes(6)  # a structure without tags
_PRINT_X, _PRINT_Y, _PRINT_UNIT = 282, 283, 296


def for_result(metadata: Metadata, width: int, height: int) -> Metadata:
    """The same for an upright picture of another size: dimension tags set, orientation as it is."""
    stored = metadata.stored or Stored(width=width, height=height)
    change = Change(stored=stored, width=width, height=height)
    xmp = metadata.xmp
    if xmp is not None:
        with suppress(ValueError):  # not read by `read_metadata`, which leaves it out then
            xmp = for_change(xmp, change)
    exif = None if metadata.exif is None else _exif_for(metadata.exif, change)
    dpi = metadata.dpi[::-1] if metadata.dpi and stored.turned else metadata.dpi
    return replace(metadata, exif=exif, xmp=xmp, dpi=dpi, stored=None)


def with_resolution(metadata: Metadata) -> Metadata:
    """The same with the resolution in the EXIF data, for formats that have no other place."""
    if metadata.dpi is None:
        return metadata
    try:
        exif = parse_exif(metadata.exif or _EMPTY)
    except ValueError:
        return metadata
    exif.set_rational(MAIN, _PRINT_X, metadata.dpi[0])
    exif.set_rational(MAIN, _PRINT_Y, metadata.dpi[1])
    exif.set_integers(MAIN, _PRINT_UNIT, [_INCH])
    return replace(metadata, exif=exif.to_bytes())


def _exif_for(exif: bytes, change: Change) -> bytes | None:
    """EXIF data with the sizes and places of the result."""
    try:
        tags = parse_exif(exif)
    except ValueError:
        return exif
    tags.set_integers(CAMERA, int(ExifTags.Base.ExifImageWidth), [change.width])
    tags.set_integers(CAMERA, int(ExifTags.Base.ExifImageHeight), [change.height])
    for tag, side in ((_RELATED_WIDTH, change.width), (_RELATED_HEIGHT, change.height)):
        if tags.numbers(INTEROP, tag):
            tags.set_integers(INTEROP, tag, [side])
    for tag in (_SUBJECT_AREA, _SUBJECT_LOCATION):
        if numbers := tags.numbers(CAMERA, tag):
            with suppress(ValueError):
                tags.set_integers(CAMERA, tag, subject(numbers, change))
    if change.stored.turned:
        tags.exchange(CAMERA, _FOCAL_X, _FOCAL_Y)
        tags.exchange(MAIN, _PRINT_X, _PRINT_Y)
    for tag, factor in ((_FOCAL_X, change.across), (_FOCAL_Y, change.down)):
        if factor != 1 and (numbers := tags.numbers(CAMERA, tag)):
            tags.set_rational(CAMERA, tag, numbers[0] * factor)
    return tags.to_bytes()
