"""The only place that knows picture files: path or bytes <-> uint8 pixels."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from jcarsr.errors import ImageError
from jcarsr.pixels import Pixels

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jfif", ".webp", ".avif", ".bmp", ".tif", ".tiff"})
"""Names under which a folder is searched for pictures; the content decides how they are read."""

MAX_PIXELS = 100_000_000
"""A header that promises more is refused as a decompression bomb."""

FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "avif": "AVIF", "tiff": "TIFF"}
"""What a result can be saved as: extension and Pillow's name."""

_ALIASES = {"jpeg": "jpg", "tif": "tiff"}
_ORIENTATION = 0x0112  # EXIF tag
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PLAIN_MODES = frozenset({"1", "L", "P", "RGB"})


@dataclass(frozen=True)
class Picture:
    """A decoded file, not yet turned upright: the JPEG grid lies in the stored orientation."""

    pixels: Pixels
    orientation: int = 1  # EXIF value, 1 to 8
    icc_profile: bytes | None = None


def decode(file: str | Path | IO[bytes]) -> Picture:
    """Read an 8-bit grey, palette or RGB picture as RGB.

    Raises:
        ImageError: missing, empty, no picture, truncated, larger than MAX_PIXELS, or of a kind
            that this version would not keep whole (transparency, CMYK, 16 bits, animation). The
            message does not name the file.
    """
    with _open(file) as image:
        return from_pillow(image)


def from_pillow(image: Image.Image) -> Picture:
    """The RGB pixels, orientation and profile of an image that Pillow has opened.

    Raises:
        ImageError: truncated, or of a kind that `decode` refuses.
    """
    _refuse_what_would_be_lost(image)
    icc = image.info.get("icc_profile")
    try:
        pixels = np.array(image.convert("RGB"))
    except Exception as error:  # broken files make Pillow's decoders raise nearly anything
        raise ImageError(f"cannot be decoded ({_one_line(error)})") from error
    return Picture(
        pixels=pixels,
        orientation=_orientation(image),
        icc_profile=icc if isinstance(icc, bytes) and image.mode == "RGB" else None,
    )


def size_of(file: str | Path | IO[bytes]) -> tuple[int, int]:
    """(height, width) as stored, from the header alone.

    Raises:
        ImageError: missing, empty, no picture, or larger than MAX_PIXELS.
    """
    with _open(file) as image:
        return image.height, image.width


def format_of(path: Path) -> str | None:
    """The key of FORMATS that a file name's extension stands for, None if it stands for none."""
    extension = path.suffix.lower().removeprefix(".")
    extension = _ALIASES.get(extension, extension)
    return extension if extension in FORMATS else None


def upright(picture: Picture) -> Image.Image:
    """A Pillow image turned as its orientation asks, with its colour profile."""
    image = Image.fromarray(picture.pixels)
    turn = _TURNS.get(picture.orientation)
    if turn is not None:
        image = image.transpose(turn)
    if picture.icc_profile:
        image.info["icc_profile"] = picture.icc_profile
    return image


def save(picture: Picture, path: Path) -> None:
    """Write `picture`, turned upright, to a temporary name beside `path`, then rename it.

    The extension gives the format; JPEG, WebP and AVIF are written at quality 95, JPEG at 4:4:4.

    Raises:
        ImageError: the extension is of no known format, or the file cannot be written.
    """
    format = format_of(path)
    if format is None:
        raise ImageError(f"cannot be written as {path.suffix or 'a file without extension'}")
    image = upright(picture)
    options: dict[str, Any] = {}
    if picture.icc_profile:
        options["icc_profile"] = picture.icc_profile
    if format in ("jpg", "webp", "avif"):
        options["quality"] = 95
    if format == "jpg":
        options["subsampling"] = "4:4:4"
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(partial, FORMATS[format], **options)
        partial.replace(path)
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot be written ({_one_line(error)})") from error
    finally:
        partial.unlink(missing_ok=True)


def _open(file: str | Path | IO[bytes]) -> Image.Image:
    try:
        image = Image.open(file)
    except FileNotFoundError as error:
        raise ImageError("no such file") from error
    except UnidentifiedImageError as error:
        raise ImageError("not a picture that can be read") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"more than {MAX_PIXELS:,} pixels: refused as a bomb") from error
    except Exception as error:  # broken files make Pillow's parsers raise nearly anything
        raise ImageError(f"cannot be opened ({_one_line(error)})") from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        size = f"{image.width}x{image.height}"
        raise ImageError(f"{size} is more than {MAX_PIXELS:,} pixels: refused as a bomb")
    return image


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (as it is) if there is none or the EXIF data is broken."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # broken EXIF must not cost the picture
        return 1
    return value if value in range(1, 9) else 1


def _one_line(error: Exception) -> str:
    """The text of somebody else's error without its line breaks, or its type if it has no text."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split()) or type(error).__name__


def _refuse_what_would_be_lost(image: Image.Image) -> None:
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":  # cameras' JPEG + previews
        raise ImageError("animations and files of several pages are not supported yet")
    if image.has_transparency_data:
        raise ImageError("pictures with transparency are not supported yet")
    if image.mode not in _PLAIN_MODES:
        raise ImageError(f"pictures of mode {image.mode} are not supported yet, only 8-bit RGB")
