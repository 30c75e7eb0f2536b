"""EXIF, XMP, IPTC, profile, comments and resolution of an opened image.

No reader of these ever costs a picture: what is broken is left out and noted.
"""

from __future__ import annotations

from typing import Any

from PIL import ExifTags, Image, TiffImagePlugin
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.image.geometry import Stored
from jcarsr.image.metadata.exif import MAIN, gather_exif, parse_exif
from jcarsr.image.metadata.exif_damage import is_damaged
from jcarsr.image.metadata.iptc import find_iptc
from jcarsr.image.metadata.profile import colour_space
from jcarsr.image.metadata.raw_profile import EXIF_KEYWORDS, parse_raw_profile
from jcarsr.image.metadata.storage_tags import STORAGE
from jcarsr.image.metadata.xmp import without_lost_parts
from jcarsr.image.picture import Metadata

TEXTS = "jcarsr: texts"
"""Key of an opened image's `info`: a PNG's texts, as `Metadata` has them."""

_INCH, _CENTIMETRE = 2, 3  # units of a resolution
_CAMERA = int(ExifTags.IFD.Exif)
_INTEROP = int(ExifTags.IFD.Interop)
_OF_CAMERAS = frozenset({301, 529, 530, 531, 532})  # of them, those that EXIF data of JPEGs have


def read_metadata(image: Image.Image, file: bytes | None = None) -> tuple[Metadata, int, list[str]]:
    """An opened image's metadata, its EXIF orientation (1 to 8), and notes on what is broken.

    `file` is all of it, where a TIFF's tags are read from as they are.
    """
    notes: list[str] = []
    orientation, exif, dpi = 1, None, None
    try:
        tags = image.getexif()
        orientation = orientation_of(image)
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
        texts=image.info.get(TEXTS, ()),
        stored=Stored(width=width, height=height, orientation=orientation),
    )
    return metadata, orientation, notes


def _make_writable(tags: Image.Exif) -> None:
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


def _tags_to_bytes(tags: Image.Exif) -> bytes:
    """EXIF data, as `Metadata` has it."""
    _make_writable(tags)
    return tags.tobytes()


def _serialise(tags: Image.Exif) -> bytes | None:
    """EXIF data of BigTIFFs and under odd headers, as far as Pillow reads them, as bytes.

    Without the thumbnail (IFD1) and the tags that describe storage.
    """
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
    return _tags_to_bytes(kept) if len(kept) else None


def _keep_exif(
    image: Image.Image, tags: Image.Exif, file: bytes | None, notes: list[str]
) -> bytes | None:
    """EXIF data without the thumbnail and the tags that describe storage, the rest as it is."""
    stored: Any = image.info.get("exif")
    raw: Any = image.info.get(EXIF_KEYWORDS[0])  # of a PNG that its user has opened
    try:
        if image.format == "TIFF":
            kept, lost = gather_exif(file or b"", STORAGE)
            if lost:
                notes.append("its maker note was left out: it points to places in the file")
            return kept.to_bytes()
        if not stored and isinstance(raw, str):
            stored = parse_raw_profile(raw)
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
