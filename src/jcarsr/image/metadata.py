"""EXIF, XMP, IPTC, profile and resolution: read whole, carried over to a result of another size.

No reader of these ever costs a picture: what is broken is left out and noted.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from PIL import ExifTags, Image, TiffImagePlugin
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.image.exif import CAMERA, INTEROP, MAIN, gather_exif, parse_exif
from jcarsr.image.exif_damage import is_damaged
from jcarsr.image.geometry import Change, Stored
from jcarsr.image.iptc import find_iptc
from jcarsr.image.picture import Metadata
from jcarsr.image.xmp import for_change, subject, without_lost_parts

XMP_TAG = int(ExifTags.Base.XMLPacket)
_INCH, _CENTIMETRE = 2, 3  # units of a resolution
_CAMERA = int(ExifTags.IFD.Exif)
_INTEROP = int(ExifTags.IFD.Interop)
STORAGE = frozenset(
    {254, 255, *range(256, 260), 262, 266, 273, 274, *range(277, 282), 284, 290, 291, 292, 293}
    | {297, 301, 317, 320, *range(321, 326), 330, 332, 333, 334, 336, 337, 338, 339, 340, 341}
    | {347, *range(512, 522), 529, 530, 531, 532, 700, 33723, 34377, 34675}
)
"""Tags of a TIFF's own pixels: they say how a file is stored, not what the picture is."""

_OF_CAMERAS = frozenset({301, 529, 530, 531, 532})  # of them, those that EXIF data of JPEGs have
_SUBJECT_AREA, _SUBJECT_LOCATION = 0x9214, 0xA214
_RELATED_WIDTH, _RELATED_HEIGHT = 0x1001, 0x1002
_FOCAL_X, _FOCAL_Y = 0xA20E, 0xA20F
_EMPTY = b"II*\0\x08\0\0\0" + bytes(6)  # a structure without tags
_PRINT_X, _PRINT_Y, _PRINT_UNIT = 282, 283, 296


def read_metadata(image: Image.Image, file: bytes | None = None) -> tuple[Metadata, int, list[str]]:
    """An opened image's metadata, its EXIF orientation (1 to 8), and notes on what is broken.

    `file` is all of it, where a TIFF's tags are read from as they are.
    """
    notes: list[str] = []
    orientation, exif, dpi = 1, None, None
    try:
        tags = image.getexif()
        value = tags.get(ExifTags.Base.Orientation, 1)
        orientation = value if value in range(1, 9) else 1
        exif = _keep_exif(image, tags, file, notes)
        dpi = _resolution(tags)
        if (stored := image.info.get("exif")) and is_damaged(stored):
            kept = "left out" if exif is None else "kept in part"
            notes.append(f"its EXIF data is broken and was {kept}")
    except Exception:  # other people's bytes make the parser raise nearly anything
        notes.append("its EXIF data is broken and was left out")
    if not isinstance(image, JpegImageFile) or image.info.get("jfif_unit") in (1, 2):
        dpi = _dpi(image.info.get("dpi")) or dpi  # else Pillow made it up from the EXIF data
    xmp = _xmp(image, notes)
    width, height = stored_size(image)
    metadata = Metadata(
        icc_profile=_profile(image, notes),
        exif=exif,
        xmp=xmp,
        iptc=_iptc(image, notes),
        dpi=dpi,
        comments=_comments(image),
        stored=Stored(width=width, height=height, orientation=orientation),
    )
    return metadata, orientation, notes


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


def colour_space(profile: bytes) -> str | None:
    """What an ICC profile describes ("RGB", "GRAY", "CMYK", ...), None if it is no profile."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return None
    return profile[16:20].decode("latin-1").strip()


def wrong_profile(profile: bytes) -> str:
    """The note on a profile that is not one for the picture's kind of colours."""
    space = "".join(c for c in colour_space(profile) or "" if c.isprintable())
    return f"its colour profile is one for {space} and was left out"


def make_writable(tags: Image.Exif) -> None:
    """Turn loaded EXIF data into what Pillow writes without loss.

    It would write question marks for letters beyond ASCII, and for the group of
    interoperability the place where it was.
    """
    camera = tags.get_ifd(_CAMERA)
    if isinstance(camera.get(_INTEROP), int):
        camera[_INTEROP] = tags.get_ifd(_INTEROP)
    for group in (tags, camera, tags.get_ifd(ExifTags.IFD.GPSInfo)):
        for tag, value in list(group.items()):
            if isinstance(value, str) and not value.isascii():
                group[tag] = value.encode("latin-1")


def tags_to_bytes(tags: Image.Exif) -> bytes:
    """EXIF data, as `Metadata` has it."""
    make_writable(tags)
    return tags.tobytes()


def _serialise(tags: Image.Exif) -> bytes | None:
    """EXIF data as bytes, without the thumbnail (IFD1) and the tags that describe storage."""
    kept = Image.Exif()
    kept.endian = tags.endian  # some makers' notes rely on it
    for tag, value in tags.items():
        if tag in TiffImagePlugin.TiffTags.TAGS_V2_GROUPS:
            continue
        if tag not in STORAGE:
            kept[tag] = value
    for group in (_CAMERA, int(ExifTags.IFD.GPSInfo)):
        inner = dict(tags.get_ifd(group))
        if _INTEROP in inner:
            inner[_INTEROP] = tags.get_ifd(_INTEROP)  # instead of where it was
        if inner:
            kept.get_ifd(group).update(inner)
            kept[group] = kept.get_ifd(group)
    return tags_to_bytes(kept) if len(kept) else None


def _keep_exif(
    image: Image.Image, tags: Image.Exif, file: bytes | None, notes: list[str]
) -> bytes | None:
    """EXIF data without the thumbnail and the tags that describe storage, the rest as it is."""
    stored: Any = image.info.get("exif")
    raw: Any = image.info.get("Raw profile type exif")  # of a PNG
    try:
        if image.format == "TIFF":
            kept, lost = gather_exif(file or b"", STORAGE)
            if lost:
                notes.append("its maker note was left out: it points to places in the file")
            return kept.to_bytes()
        if not stored and isinstance(raw, str):
            stored = bytes.fromhex("".join(raw.split("\n")[3:]))
        kept = parse_exif(stored)
    except (TypeError, ValueError):
        return _serialise(tags)
    for tag in STORAGE - _OF_CAMERAS:
        kept.groups[MAIN].pop(tag, None)
    return kept.to_bytes()


def _comments(image: Image.Image) -> tuple[bytes, ...]:
    """All comments of a JPEG, that of a GIF."""
    if isinstance(image, JpegImageFile):
        found = [data for kind, data in image.applist if kind == "COM"]
    elif image.format == "GIF":
        comment: Any = image.info.get("comment")
        found = [comment] if isinstance(comment, bytes) else []
    else:
        found = []
    return tuple(comment for comment in found if comment.strip(b"\0 \r\n\t"))


def _iptc(image: Image.Image, notes: list[str]) -> bytes | None:
    try:
        return find_iptc(image)
    except Exception:  # as for EXIF data
        notes.append("its IPTC data is broken and was left out")
        return None


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8, of an opened image; 1 if it says none that there is."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # other people's bytes make the parser raise nearly anything
        return 1
    return value if value in range(1, 9) else 1


def stored_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) in the file; Pillow turns those of a TIFF as its orientation says."""
    tags: Any = getattr(image, "tag_v2", None) if image.format == "TIFF" else None
    if not tags:
        return image.size
    return int(tags[ExifTags.Base.ImageWidth]), int(tags[ExifTags.Base.ImageLength])


def _xmp(image: Image.Image, notes: list[str]) -> bytes | None:
    xmp = image.info.get("xmp")
    if xmp is None:
        return None
    try:
        kept, lost = without_lost_parts(xmp.encode() if isinstance(xmp, str) else xmp)
    except ValueError:
        notes.append("its XMP data is broken and was left out")
        return None
    notes += lost
    return kept


def _profile(image: Image.Image, notes: list[str]) -> bytes | None:
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not profile:
        return None
    if colour_space(profile) is None:
        notes.append("its colour profile is broken and was left out")
        return None
    return profile


def _resolution(tags: Image.Exif) -> tuple[float, float] | None:
    """Pixels per inch, as EXIF data says."""
    found = _dpi((tags.get(ExifTags.Base.XResolution), tags.get(ExifTags.Base.YResolution)))
    unit = tags.get(ExifTags.Base.ResolutionUnit, _INCH)
    if found is None or unit not in (_INCH, _CENTIMETRE):
        return None
    return found if unit == _INCH else (found[0] * 2.54, found[1] * 2.54)


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        x, y = (float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 1 < x < 1e6 and 1 < y < 1e6 else None  # 1 is written for "not known"
