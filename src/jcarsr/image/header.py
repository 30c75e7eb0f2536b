"""What a file's header says of the work and the memory that its pixels will take."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.errors import ImageError, LargePictureError, format_bytes, one_line
from jcarsr.image.geometry import swaps_sides
from jcarsr.image.metadata.read import orientation_of, stored_size
from jcarsr.image.open import ReadOptions, open_image
from jcarsr.image.samples import is_deep
from jcarsr.jpeg.structure import read_structure

_ONE_BYTE, _TWO_BYTES = frozenset({"1", "L", "P"}), 2  # of Pillow's modes
_WORD = 4  # bytes of a pixel in Pillow's images of several channels
_DECODERS = {"WEBP": 14, "AVIF": 12, "HEIF": 10, "GIF": 6}
"""Bytes for each pixel that decoders hold apart from the image: planes, canvas, encoded frame."""

_FRAMES = 8  # bytes for each pixel, of the frames that an animation's next one is drawn upon
_COEFFICIENT = 2  # bytes, of a progressive JPEG


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is known before any pixel is decoded."""

    format: str
    """Pillow's name."""
    width: int
    """As stored."""
    height: int
    orientation: int
    """EXIF value, 1 to 8."""
    itemsize: int
    """Bytes of a sample as it will be decoded, 1 or 2."""
    frames: int
    """Of an animation that is to be decoded whole; else 1."""
    work: int
    """Pixels that the decoder goes through: of all frames, or of all scans."""
    need: int
    """Bytes at the peak of decoding, the file's own included, but for tables and buffers."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), upright."""
        turned = swaps_sides(self.orientation)
        return (self.height, self.width) if turned else (self.width, self.height)


def read_header(file: str | Path | IO[bytes], options: ReadOptions = ReadOptions()) -> Header:
    """Read a picture's header; decodes nothing.

    Raises:
        ImageError: missing, empty, no picture, or larger than `options` allow.
        LargePictureError: decoding would take more memory than `options` allow.
    """
    with open_image(file, options) as image:
        try:
            header = header_of(image, options)
        except ImageError:
            raise
        except Exception as error:  # broken files make Pillow's parsers raise nearly anything
            raise ImageError(f"cannot be opened ({one_line(error)})") from error
    check_need(header, options)
    return header


def check_need(header: Header, options: ReadOptions) -> None:
    """Refuse a picture before its pixels take memory.

    Raises:
        LargePictureError: they would take more than `options` allow.
    """
    if options.max_memory is not None and header.need > options.max_memory:
        size = f"{header.width}x{header.height}"
        raise LargePictureError(
            f"needs about {format_bytes(header.need)} to be decoded ({size}), "
            f"more than the {format_bytes(options.max_memory)} allowed"
        )


def header_of(image: Image.Image, options: ReadOptions) -> Header:
    """What the header of an opened image says, which is not to be decoded afterwards."""
    frames = 1 if options.first_frame or image.format in ("MPO", "TIFF") else _frames(image)
    width, height = stored_size(image)
    pixels, deep = width * height, is_deep(image)
    scans = _scans(image)
    length = _length(image)
    return Header(
        format=str(image.format),
        width=width,
        height=height,
        orientation=orientation_of(image),
        itemsize=2 if deep else 1,
        frames=frames,
        work=pixels * max(frames, scans),
        need=length + pixels * _bytes_per_pixel(image, frames, scans, deep=deep),
    )


def _bytes_per_pixel(image: Image.Image, frames: int, scans: int, *, deep: bool) -> int:
    channels = 4 if image.has_transparency_data else 3
    result = channels * (2 if deep else 1)
    if image.mode.startswith("I;16"):
        return result + 3 * _TWO_BYTES
    own = 1 if image.mode in _ONE_BYTE else _WORD
    needed = own + result + _DECODERS.get(str(image.format), 0)
    if deep:
        needed += own  # decoded twice, once for the lower bytes
    if image.mode == "CMYK":
        needed += _WORD + 3  # converted
    if isinstance(image, JpegImageFile) and scans > 1:
        needed += _COEFFICIENT * len(image.getbands())
    if image.format == "TIFF":
        needed += len(image.getbands()) * (2 if deep else 1)  # all of it may be one strip
        needed += own if orientation_of(image) != 1 else 0
    return needed + (_FRAMES if frames > 1 else 0)


def _frames(image: Image.Image) -> int:
    try:
        return max(int(getattr(image, "n_frames", 1)), 1)
    except Exception:  # counting the frames of a broken file may fail anyhow
        return 1


def _scans(image: Image.Image) -> int:
    """Of a JPEG, how often its pixels are gone through."""
    if not isinstance(image, JpegImageFile) or not image.info.get("progressive"):
        return 1
    stream: Any = getattr(image, "fp", None)
    at = stream.tell()
    stream.seek(0)
    scans = len(read_structure(stream.read()).scans)
    stream.seek(at)
    return max(scans, 2)


def _length(image: Image.Image) -> int:
    """Bytes of the file."""
    stream: Any = getattr(image, "fp", None)
    if stream is None:
        return 0
    at = stream.tell()
    length: int = stream.seek(0, io.SEEK_END)
    stream.seek(at)
    return length
