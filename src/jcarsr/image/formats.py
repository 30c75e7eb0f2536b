"""The formats of results: names, extensions, media types, and what each can hold."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from jcarsr.errors import ImageError
from jcarsr.image.picture import Animation, Picture

Format: TypeAlias = Literal["png", "jpg", "webp", "avif", "tiff"]
"""What a result can be saved as, by its extension."""

FORMATS: dict[Format, str] = {
    "png": "PNG",
    "jpg": "JPEG",
    "webp": "WEBP",
    "avif": "AVIF",
    "tiff": "TIFF",
}
"""Format -> Pillow's name of it."""

MEDIA_TYPES: dict[Format, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "tiff": "image/tiff",
}

_ALIASES = {
    **dict.fromkeys(("jpeg", "jpe", "jfif", "pjpeg", "pjp", "jif", "jfi"), "jpg"),
    **{"tif": "tiff", "apng": "png"},
}
_OTHERS = (  # formats of pictures that are not written, by their extensions
    "bmp dib gif heic heif heics heifs hif avifs jxl jp2 j2k j2c jpx jpf jpc jxr wdp hdp mpo jps "
    "ico cur icns tga pcx ppm pgm pbm pnm pam pfm qoi exr hdr dds sgi xbm xpm psd psb xcf kra ora "
    "svg svgz eps ai pdf raw dng cr2 cr3 nef arw orf rw2 raf pef srw"
)
LOSSY = frozenset({"jpg", "webp", "avif"})
"""Formats that have a quality."""

_ANIMATED = frozenset({"png", "webp", "avif"})
LONGEST_SIDE = {"jpg": 65_500, "webp": 16_383, "avif": 65_535}
"""Format -> pixels of the longest side that it can hold; for jpg it is libjpeg's limit."""


def format_of(path: Path) -> Format | None:
    """Return the format that a file name's extension stands for, None if it stands for none."""
    return format_named(path.suffix)


def format_named(extension: str) -> Format | None:
    """Return the format that an extension stands for, None if it stands for none.

    >>> format_named(".JPEG"), format_named("tif"), format_named("bmp")
    ('jpg', 'tiff', None)
    """
    extension = extension.lower().removeprefix(".")
    extension = _ALIASES.get(extension, extension)
    return next((format for format in FORMATS if format == extension), None)


def media_type_of(path: Path) -> str:
    """Return the media type of a result.

    Raises:
        ValueError: its extension is of no format.

    >>> media_type_of(Path("a.jpeg"))
    'image/jpeg'
    """
    format = format_of(path)
    if format is None:
        raise ValueError(f"{path} is of no known format")
    return MEDIA_TYPES[format]


def names_other_format(path: Path) -> bool:
    """Return whether a file name's extension is that of pictures of a kind that is not written."""
    return path.suffix.lower().removeprefix(".") in _OTHERS.split()


def check_format(picture: Picture | Animation, size: tuple[int, int], format: str) -> None:
    """See before the work whether `format` can hold a result of `size` (width, height).

    Raises:
        ImageError: it cannot; the message says which can.
    """
    if isinstance(picture, Animation):
        if format not in _ANIMATED:
            raise ImageError(
                f"an animation, which {format} cannot hold: choose png, webp or avif, "
                "or first_frame=True"
            )
    elif picture.alpha is not None and format == "jpg":
        raise ImageError("has transparency, which jpg cannot hold: choose png, webp or avif")
    longest = LONGEST_SIDE.get(format)
    if longest is not None and max(size) > longest:
        raise ImageError(
            f"{size[0]}x{size[1]} is more than {format} can hold ({longest}): choose png or tiff"
        )
