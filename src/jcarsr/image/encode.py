"""Restored pictures -> files. Written under another name first, so that no file is ever half."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
from PIL import Image

from jcarsr.errors import ImageError, StorageError, one_line
from jcarsr.image.format_metadata import fit_colours, fit_metadata, settings_for
from jcarsr.image.formats import FORMATS, Format, check_format, format_of
from jcarsr.image.geometry import swaps_sides
from jcarsr.image.metadata.carry import for_result
from jcarsr.image.picture import Animation, Metadata, Picture
from jcarsr.image.png.write16 import write_png16
from jcarsr.image.tiff.write import write_tiff
from jcarsr.partfile import being_written
from jcarsr.pixels import Samples, to_8_bits

DEFAULT_QUALITY = 95
"""Of JPEG, WebP and AVIF."""

_MOST_PLAYS = 65_535  # that all formats can say
_STORAGE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


@dataclass(frozen=True, kw_only=True)
class SaveOptions:
    """How a result is written.

    Raises:
        ValueError: `quality` is not from 1 to 100.
    """

    quality: int = DEFAULT_QUALITY
    """Quality of JPEG (at 4:4:4), WebP and AVIF, 1 to 100."""
    strip_metadata: bool = False
    """Leave out all metadata but the colour profile, without which colours would change."""

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality must be from 1 to 100, got {self.quality}")


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
        before_rename: called with the temporary file when it is complete.

    Returns:
        what could not be kept, a few words each.

    Raises:
        ImageError: the extension is of no known format, the format cannot hold the picture, or
            the file cannot be written.
    """
    format = format_of(path)
    if format is None:
        raise ImageError(f"cannot be written as {path.suffix or 'a file without extension'}")
    write, notes = _writer(picture, format, options)
    with _as_image_errors(), being_written(path, before_rename) as file:
        write(file)
    return notes


def encode_picture(
    picture: Picture | Animation, format: Format, options: SaveOptions = SaveOptions()
) -> tuple[bytes, tuple[str, ...]]:
    """Return the bytes of the file that `save` writes, and what could not be kept.

    Args:
        picture: the result; its metadata may still speak of the input's size.
        format: of the file.
        options: quality and metadata.

    Raises:
        ImageError: the format cannot hold the picture, or its encoder fails.
    """
    write, notes = _writer(picture, format, options)
    file = io.BytesIO()
    with _as_image_errors():
        write(file)
    return file.getvalue(), notes


def save_bytes(
    data: bytes, path: Path, before_rename: Callable[[Path], None] = lambda partial: None
) -> None:
    """Write a file that is no picture as `save` writes one.

    Raises:
        StorageError: nothing more can be written.
        ImageError: the file cannot be written.
    """
    with _as_image_errors(), being_written(path, before_rename) as file:
        file.write(data)


def upright(picture: Picture) -> Image.Image:
    """An 8-bit Pillow image turned as its orientation asks, with its colour profile."""
    image = _to_pillow(_channels(picture))
    if picture.metadata.icc_profile:
        image.info["icc_profile"] = picture.metadata.icc_profile
    return image


def apply_orientation(picture: Picture) -> Picture:
    """Return the same picture with its samples turned upright."""
    alpha = picture.alpha
    if alpha is not None:
        alpha = _orient(alpha[..., None], picture.orientation)[..., 0]
    samples = _orient(picture.samples, picture.orientation)
    return replace(picture, samples=samples, alpha=alpha, orientation=1)


@contextmanager
def _as_image_errors() -> Generator[None]:
    """Turn what goes wrong in writing into our errors."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:  # the last of WebP's assembler
        storage = isinstance(error, OSError) and error.errno in _STORAGE_ERRORS
        kind = StorageError if storage else ImageError
        raise kind(f"cannot be written ({one_line(error)})") from error


def _writer(
    picture: Picture | Animation, format: Format, options: SaveOptions
) -> tuple[Callable[[IO[bytes]], None], tuple[str, ...]]:
    """Return what writes a picture to a file, and what cannot be kept, a few words each.

    Raises:
        ImageError: the format cannot hold the picture.
    """
    check_format(picture, picture.size, format)
    changed: tuple[str, ...] = ()
    if isinstance(picture, Picture):
        picture, changed = fit_colours(picture, format)
    metadata, notes = fit_metadata(_metadata_of_result(picture, options), format)
    notes = (*changed, *notes)
    if isinstance(picture, Animation) and picture.plays and format == "avif":
        notes = (*notes, "how often it is played is not kept in avif: it goes on for ever")

    def write(file: IO[bytes]) -> None:
        if isinstance(picture, Animation):
            _write_animation(file, picture, metadata, format, options)
        else:
            _write_still(file, picture, metadata, format, options)

    return write, notes


def _metadata_of_result(picture: Picture | Animation, options: SaveOptions) -> Metadata:
    if options.strip_metadata:
        return Metadata(icc_profile=picture.metadata.icc_profile)
    return for_result(picture.metadata, *picture.size)


def _write_still(
    file: IO[bytes], picture: Picture, metadata: Metadata, format: Format, options: SaveOptions
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
    format: Format,
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
        "loop": min(animation.plays, _MOST_PLAYS),
    }
    _write_by_pillow(file, first, format, settings)


def _write_by_pillow(
    file: IO[bytes], image: Image.Image, format: Format, settings: dict[str, Any]
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
    return np.ascontiguousarray(_orient(samples, picture.orientation))


def _orient(samples: Samples, orientation: int) -> Samples:
    """Apply an EXIF orientation to (H, W, C)."""
    if swaps_sides(orientation):  # rows of the file are columns of the picture
        samples = samples.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples


def _to_pillow(channels: Samples) -> Image.Image:
    eight = to_8_bits(channels)
    return Image.fromarray(eight[..., 0] if eight.shape[2] == 1 else eight)
