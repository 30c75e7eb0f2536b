"""What a picture file says of itself, and whether it is whole, without decoding its pixels."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.errors import ImageError, one_line
from jcarsr.image.colour.settle import settle_colours
from jcarsr.image.geometry import swaps_sides
from jcarsr.image.jpeg.behind import note_on_rest
from jcarsr.image.jpeg.whole import doubts_about_jpeg
from jcarsr.image.metadata.profile import colour_space
from jcarsr.image.metadata.read import read_metadata, stored_size
from jcarsr.image.metadata.xmp import tells_of_lost_data
from jcarsr.image.open import DAMAGED, LEFT_OUT, ReadOptions, open_image
from jcarsr.image.png.rows import has_wrong_checksum
from jcarsr.image.samples import note_on_channels, refuse_unknown_mode
from jcarsr.jpeg.quality import Quality, quality_of
from jcarsr.jpeg.structure import read_structure
from jcarsr.jpeg.subsampling import subsampling_name

LAST_SAVE = (
    "its tables tell of the last save only: the picture may have been compressed harder before"
)
"""The note that every JPEG gets."""

_MODES = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey",
    "La": "grey",
    "I": "grey",
    "F": "grey, floating point",
    "P": "palette",
    "PA": "palette",
    "RGBA": "RGB",
    "RGBa": "RGB",
    "RGBX": "RGB",
    "LAB": "Lab",
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """An ICC profile."""

    description: str
    """Its own name, "" if it has none; "broken" if it cannot be read."""
    colour_space: str | None
    """RGB, GRAY, CMYK, ...; None if it is no profile."""


@dataclass(frozen=True, kw_only=True)
class JpegFacts:
    """What only a JPEG has."""

    subsampling: str
    """4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1, grey or other."""
    progressive: bool
    quality: Quality | None
    """None = it has no quantisation tables."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the header of a picture file says."""

    format: str
    """Pillow's name: JPEG, PNG, ...; MPO = a JPEG with others behind it."""
    width: int
    """Pixels, as stored."""
    height: int
    upright: tuple[int, int]
    """(width, height) as it is shown."""
    mode: str
    """Grey, RGB, palette, CMYK, ..."""
    bits: int
    """Per channel: 1, 8, 16 or 32; deeper AVIF and HEIC are read as 8."""
    transparency: bool
    """Has it or room for it; the pixels may be opaque nevertheless."""
    frames: int | None
    """Or pages; None = they cannot be counted."""
    orientation: int
    """EXIF value, 1 to 8."""
    profile: Profile | None
    exif: bool
    """Has EXIF data that can be read and that say something."""
    xmp: bool
    iptc: bool
    texts: tuple[str, ...]
    """Keywords of a PNG's texts."""
    dpi: tuple[float, float] | None
    """Horizontal and vertical; None = the file does not say."""
    jpeg: JpegFacts | None
    """None = no JPEG."""
    notes: tuple[str, ...]
    """What else the user should know, a few words each."""


def facts(file: str | Path | IO[bytes], options: ReadOptions = ReadOptions()) -> Facts:
    """Read a picture file's header, and the metadata that lies elsewhere in it.

    Catches Pillow's warnings as notes, for which it changes the process's warning filters while
    it runs: not to be called from several threads.

    Raises:
        ImageError: missing, empty, no picture, larger than `options` allow, or its header is
            broken. One line that does not name the file.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        with open_image(file, options) as image:
            try:
                found = _read(image, options)
            except ImageError:
                raise
            except Exception as error:  # broken files make Pillow's parsers raise nearly anything
                raise ImageError(f"its header cannot be read ({one_line(error)})") from error
    return replace(found, notes=(*found.notes, *_warning_note([str(w.message) for w in caught])))


def _read(image: Image.Image, options: ReadOptions) -> Facts:
    jpeg = _jpeg_facts(image)
    damaged = list[str]()
    if image.format == "PNG":
        damaged = [DAMAGED] * has_wrong_checksum(_all_bytes(image))
    metadata, orientation, notes = read_metadata(image)
    width, height = stored_size(image)
    frames = _frames(image)
    notes += (*image.info.get(LEFT_OUT, ()), *damaged, *_doubts(image, frames, options))
    if (more_channels := note_on_channels(image)) is not None:
        notes.append(more_channels)
    described = _profile_of_tags(image, metadata.icc_profile, notes)
    if jpeg is not None:
        data = _all_bytes(image)
        rest = note_on_rest(data, read_structure(data))
        if rest is not None and image.format != "MPO" and not tells_of_lost_data(notes):
            notes.append(rest)
        notes += [*doubts_about_jpeg(data), LAST_SAVE]
    return Facts(
        format=image.format or "unknown",
        width=width,
        height=height,
        upright=(height, width) if swaps_sides(orientation) else (width, height),
        mode=_mode(image),
        bits=_bits(image),
        transparency=image.has_transparency_data,
        frames=frames,
        orientation=orientation,
        profile=_profile(image) or described,
        exif=metadata.exif is not None or (orientation != 1 and bool(image.info.get("exif"))),
        xmp=metadata.xmp is not None,
        iptc=metadata.iptc is not None,
        texts=tuple(dict.fromkeys(keyword for keyword, _ in metadata.texts)),
        dpi=metadata.dpi,
        jpeg=jpeg,
        notes=tuple(notes),
    )


def _all_bytes(image: Image.Image) -> bytes:
    stream: Any = getattr(image, "fp", None)
    at = stream.tell()
    stream.seek(0)
    data: bytes = stream.read()
    stream.seek(at)
    return data


def _jpeg_facts(image: Image.Image) -> JpegFacts | None:
    if not isinstance(image, JpegImageFile):
        return None
    if not image.tile:
        raise ImageError("breaks off within its header")
    return JpegFacts(
        subsampling=subsampling_name([(across, down) for _, across, down, _ in image.layer]),
        progressive=bool(image.info.get("progressive")),
        quality=quality_of(image),
    )


def _mode(image: Image.Image) -> str:
    if image.mode.startswith("I;16") or _layout(image).startswith("LA"):
        return "grey"
    return _MODES.get(image.mode, image.mode)


def _bits(image: Image.Image) -> int:
    layout = _layout(image)
    if ";16" in layout and not layout.startswith("BGR"):  # BGR;16 has 16 bits a pixel
        return 16
    return {"1": 1, "I": 32, "F": 32}.get(image.mode, 16 if ";16" in image.mode else 8)


def _layout(image: Image.Image) -> str:
    """How samples lie in the file, in Pillow's words; "" where it does not say."""
    tiles: Any = getattr(image, "tile", None)
    args: Any = tiles[0][3] if tiles else ""
    layout = args if isinstance(args, str) else args[0] if args else ""
    return layout if isinstance(layout, str) else ""


def _frames(image: Image.Image) -> int | None:
    try:
        count: int = getattr(image, "n_frames", 1)
    except Exception:  # counting the frames of a broken file may fail anyhow
        return None
    still = 1 if count > 1 and image.info.get("default_image") else 0  # apart from an APNG's frames
    return count - still


def _doubts(image: Image.Image, frames: int | None, options: ReadOptions) -> list[str]:
    """Why the picture might not be restored, or not all of it."""
    doubts: list[str] = []
    try:
        refuse_unknown_mode(image)
    except ImageError as error:
        doubts.append(f"cannot be restored: {error}")
    if frames is None:
        doubts.append("its frames cannot be counted: the file is broken")
    elif image.format == "MPO" and frames > 1:
        doubts.append("a camera's file of several pictures: the first is restored")
    elif image.format == "TIFF" and frames > 1:
        doubts.append("has several pages: the first alone can be restored, with first_frame=True")
    elif frames * image.width * image.height > options.max_pixels:
        doubts.append(f"all frames together are more than {options.max_pixels:,} pixels")
    return doubts


def _profile_of_tags(image: Image.Image, profile: bytes | None, notes: list[str]) -> Profile | None:
    """What would become the profile where the file says its colours in another way."""
    if image.mode in ("CMYK", "LAB", "F"):
        return None
    grey = image.mode in ("1", "L", "LA", "La") or image.mode.startswith("I")
    grey |= image.mode == "P" and colour_space(profile or b"") == "GRAY"
    try:
        found = settle_colours(image, profile, grey, notes)
    except ImageError as error:
        notes.append(f"cannot be restored: {error}")
        return None
    if found.conversion is not None:
        notes.append("its samples are converted to the curve of sRGB before they are restored")
    return _read_profile(found.profile) if found.profile else None


def _profile(image: Image.Image) -> Profile | None:
    if "icc_profile" not in image.info:
        return None
    data = image.info["icc_profile"]
    if not isinstance(data, bytes) or not data:  # Pillow found parts that make no whole
        return Profile(description="broken", colour_space=None)
    return _read_profile(data)


def _read_profile(data: bytes) -> Profile:
    space = colour_space(data)
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(data)))
    except Exception:  # littlecms refuses it in more than one way
        name = "broken"
    return Profile(description=_plain(name), colour_space=None if space is None else _plain(space))


def _warning_note(texts: list[str]) -> list[str]:
    """Pillow's warnings as one note: broken EXIF data may bring thousands."""
    if not texts:
        return []
    first, more = _plain(texts[0]), len(texts) - 1
    return [f"damaged: {first}" + (f" (and {more} more)" if more else "")]


def _plain(text: str) -> str:
    """On one line, without characters that a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
