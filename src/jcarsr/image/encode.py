"""Restored pictures -> files. Written under another name first, so that no file is ever half."""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
from PIL import Image

from jcarsr.errors import ImageError, StorageError
from jcarsr.image.holding import fitting, settings_for, with_fitting_colours
from jcarsr.image.metadata import for_result
from jcarsr.image.open import one_line
from jcarsr.image.picture import Animation, Metadata, Picture
from jcarsr.image.png16 import write_png16
from jcarsr.image.tiff import write_tiff
from jcarsr.partfile import being_written
from jcarsr.pixels import Samples, to_8_bits

FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "avif": "AVIF", "tiff": "TIFF"}
"""What a result can be saved as: extension and Pillow's name."""

_ALIASES = {
    **dict.fromkeys(("jpeg", "jpe", "jfif", "pjpeg", "pjp", "jif", "jfi"), "jpg"),
    **{"tif": "tiff", "apng": "png"},
}
_OTHERS = (  # formats of pictures that are not written, by their extensions
    "bmp dib gif heic heif heics heifs hif avifs jxl jp2 j2k j2c jpx jpf jpc jxr wdp hdp mpo jps "
    "ico cur icns tga pcx ppm pgm pbm pnm pam pfm qoi exr hdr dds sgi xbm xpm psd psb xcf kra ora "
    "svg svgz eps ai pdf raw dng cr2 cr3 nef arw orf rw2 raf pef srw"
)
_ANIMATED = frozenset({"png", "webp", "avif"})
_LONGEST_SIDE = {"jpg": 65_500, "webp": 16_383, "avif": 65_535}  # pixels; libjpeg's is the first
_STORAGE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


@dataclass(frozen=True, kw_only=True)
class SaveOptions:
    """How a result is written.

    Raises:
        ValueError: `quality` is not from 1 to 100.
    """

    quality: int = 95  # of JPEG (at 4:4:4), WebP and AVIF
    strip_metadata: bool = False  # all but the colour profile, without which colours would change

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality must be from 1 to 100, got {self.quality}")


def format_of(path: Path) -> str | None:
    """The key of FORMATS that a file name's extension stands for, None if it stands for none."""
    return format_named(path.suffix)


def format_named(extension: str) -> str | None:
    """The key of FORMATS that an extension stands for, None if it stands for none.

    >>> format_named(".JPEG"), format_named("tif"), format_named("bmp")
    ('jpg', 'tiff', None)
    """
    extension = extension.lower().removeprefix(".")
    extension = _ALIASES.get(extension, extension)
    return extension if extension in FORMATS else None


def names_other_format(path: Path) -> bool:
    """Whether a file name's extension is that of pictures of a kind that is not written."""
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
                "or --first-frame"
            )
    elif picture.alpha is not None and format == "jpg":
        raise ImageError("has transparency, which jpg cannot hold: choose png, webp or avif")
    longest = _LONGEST_SIDE.get(format)
    if longest is not None and max(size) > longest:
        raise ImageError(
            f"{size[0]}x{size[1]} is more than {format} can hold ({longest}): choose png or tiff"
        )


def save(
    picture: Picture | Animation,
    path: Path,
    options: SaveOptions = SaveOptions(),
    before_rename: Callable[[Path], None] = lambda partial: None,
) -> tuple[str, ...]:
    """Write `picture`, turned upright, in the format that the extension of `path` says.

    16 bits stay in PNG and TIFF and are rounded to 8 elsewhere.

    Args:
        picture: the result; its metadata may still speak of the input's size.
        path: replaced if it exists; its folder is made.
        options: quality and metadata.
        before_rename: told the temporary file when it is complete.

    Returns:
        what could not be kept, a few words each.

    Raises:
        ImageError: the extension is of no known format, the format cannot hold the picture, or
            the file cannot be written.
    """
    format = format_of(path)
    if format is None:
        raise ImageError(f"cannot be written as {path.suffix or 'a file without extension'}")
    check_format(picture, picture.size, format)
    changed: tuple[str, ...] = ()
    if isinstance(picture, Picture):
        picture, changed = with_fitting_colours(picture, format)
    metadata, notes = fitting(_wanted(picture, options), format)
    notes = (*changed, *notes)
    if isinstance(picture, Animation) and picture.plays and format == "avif":
        notes = (*notes, "how often it is played is not kept in avif: it goes on for ever")
    with _as_image_errors(), being_written(path, before_rename) as file:
        if isinstance(picture, Animation):
            _write_animation(file, picture, metadata, format, options)
        else:
            _write_still(file, picture, metadata, format, options)
    return notes


def upright(picture: Picture) -> Image.Image:
    """An 8-bit Pillow image turned as its orientation asks, with its colour profile."""
    image = _to_pillow(_channels(picture))
    if picture.metadata.icc_profile:
        image.info["icc_profile"] = picture.metadata.icc_profile
    return image


@contextmanager
def _as_image_errors() -> Generator[None]:
    """Turn what goes wrong in writing into our errors."""
    try:
        yield
    except (OSError, ValueError) as error:
        storage = isinstance(error, OSError) and error.errno in _STORAGE_ERRORS
        kind = StorageError if storage else ImageError
        raise kind(f"cannot be written ({one_line(error)})") from error


def _wanted(picture: Picture | Animation, options: SaveOptions) -> Metadata:
    if options.strip_metadata:
        return Metadata(icc_profile=picture.metadata.icc_profile)
    return for_result(picture.metadata, *picture.size)


def _write_still(
    file: IO[bytes], picture: Picture, metadata: Metadata, format: str, options: SaveOptions
) -> None:
    channels = _channels(picture)
    if channels.dtype == np.uint16 and format == "png":
        write_png16(file, channels, metadata)
    elif format == "tiff" and (channels.dtype == np.uint16 or metadata.exif):
        write_tiff(file, channels, metadata)
    else:
        settings = settings_for(metadata, format, options.quality)
        _write_by_pillow(file, _to_pillow(channels), format, settings)


def _write_animation(
    file: IO[bytes],
    animation: Animation,
    metadata: Metadata,
    format: str,
    options: SaveOptions,
) -> None:
    frames = list(animation.decode_frames())
    mode = "RGBA" if any(frame.alpha is not None for frame in frames) else "RGB"
    first, *others = (_to_pillow(_channels(frame)).convert(mode) for frame in frames)
    settings = settings_for(metadata, format, options.quality)
    settings |= {
        "save_all": True,
        "append_images": others,
        "duration": [round(milliseconds) for milliseconds in animation.milliseconds],
        "loop": animation.plays,
    }
    _write_by_pillow(file, first, format, settings)


def _write_by_pillow(
    file: IO[bytes], image: Image.Image, format: str, settings: dict[str, Any]
) -> None:
    """Save through Python's file, without the number by which encoders would write themselves.

    Of a full disk they tell nothing when it took the beginning of what they wrote last, and that
    of TIFF never says why it failed.
    """
    plain: Any = SimpleNamespace(write=file.write, flush=file.flush, seek=file.seek, tell=file.tell)
    image.save(plain, FORMATS[format], **settings)


def _channels(picture: Picture) -> Samples:
    """(H, W, C), upright: grey or RGB, and alpha where there is transparency."""
    samples = picture.samples[..., :1] if picture.grey else picture.samples
    if picture.alpha is not None:
        samples = np.concatenate((samples, picture.alpha[..., None]), axis=2)
    return np.ascontiguousarray(_turned(samples, picture.orientation))


def _turned(samples: Samples, orientation: int) -> Samples:
    """Apply an EXIF orientation to (H, W, C)."""
    if orientation >= 5:  # rows of the file are columns of the picture
        samples = samples.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples


def _to_pillow(channels: Samples) -> Image.Image:
    eight = to_8_bits(channels)
    return Image.fromarray(eight[..., 0] if eight.shape[2] == 1 else eight)
