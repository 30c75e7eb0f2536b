"""Opening untrusted files: known formats, bounded sizes, one kind of error."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

from PIL import Image, UnidentifiedImageError

from jcarsr.errors import ImageError, PixelLimitError, one_line
from jcarsr.image.colour.tags import COLOUR_TAGS, read_colour_tags
from jcarsr.image.guard import check_content, check_file
from jcarsr.image.kinds import kind_of
from jcarsr.image.metadata.read import TEXTS
from jcarsr.image.png.layout import is_png
from jcarsr.image.png.metadata import metadata_of
from jcarsr.image.png.texts import take_texts
from jcarsr.image.tiff.directory import kind_of_tiff

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".bmp", ".gif"}
    | {".tif", ".tiff", ".heic", ".heif", ".hif", ".mpo", ".jps", ".pjpeg", ".pjp", ".jfi", ".jif"}
)
"""Names under which a folder is searched for pictures; the content decides how they are read."""

MAX_PIXELS = 100_000_000
"""An input with more pixels, all frames together, is refused as a decompression bomb."""

SALVAGE_HELPS = "(salvage=True restores what there is)"
"""Ends the refusal of a truncated file of which something can be had."""

DAMAGED = "its data is damaged: part of the picture may be wrong"
"""The note on a file whose pixels decode, but not to what was saved."""

LEFT_OUT = "jcarsr: left out"
"""Key of an opened image's `info`: notes on metadata that were left out before it was opened."""

_APPLE_DOUBLE = "._"  # begins the names under which macOS keeps attributes of other files

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "MPO", "HEIF")
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How much of a difficult file is taken."""

    max_pixels: int = MAX_PIXELS
    """Most pixels of an input, all frames together."""
    max_memory: int | None = None
    """Bytes that decoding may take, about; None = no limit."""
    salvage: bool = False
    """Take what decodes of a truncated file."""
    first_frame: bool = False
    """Take only the first picture of an animation or of a file of several pages."""


def named_as_picture(path: PurePath) -> bool:
    """Whether a file found in a folder is one of its pictures, by its name alone."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(_APPLE_DOUBLE)


@contextmanager
def open_image(
    file: str | Path | IO[bytes], options: ReadOptions = ReadOptions()
) -> Generator[Image.Image]:
    """The Pillow image of a file, its header read, its pixels not yet.

    Raises:
        ImageError: missing, empty or no picture. The message does not name the file.
        PixelLimitError: more pixels than `options` allow.
    """
    image = _open(file, options)
    with image:
        pixels = image.width * image.height
        if pixels > options.max_pixels:
            size = f"{image.width}x{image.height}"
            raise PixelLimitError(
                f"{size} is more than {options.max_pixels:,} pixels: refused as a bomb"
            )
        if not pixels:
            raise ImageError("has no pixels")
        if not isinstance(image.info.get("xmp", b""), bytes):
            del image.info["xmp"]  # Pillow would look for an orientation in it, and fail
        yield image


def limit_pillow(max_pixels: int) -> None:
    """Make Pillow itself refuse inputs with more pixels, in the whole process.

    Some of its parsers reserve memory before anybody can look at the size. For programs: a library
    leaves the limit to the program that it is in (Pillow's own is 89 million).
    """
    Image.MAX_IMAGE_PIXELS = max_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)  # becomes one of our errors


def _open(file: str | Path | IO[bytes], options: ReadOptions) -> Image.Image:
    try:
        seen, about = _look_before(file, options)
        image = Image.open(file if seen is None else seen, formats=_known_formats())
        image.info.update(about)
        return image
    except ImageError:
        raise
    except FileNotFoundError as error:
        raise ImageError("no such file") from error
    except UnidentifiedImageError as error:
        raise ImageError(_kind(file) or "not a picture that can be read") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PixelLimitError("more pixels than allowed: refused as a bomb") from error
    except Exception as error:  # broken files make Pillow's parsers raise nearly anything
        raise ImageError(f"cannot be opened ({one_line(error)})") from error


def _known_formats() -> list[str]:
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _look_before(
    file: str | Path | IO[bytes], options: ReadOptions
) -> tuple[IO[bytes] | None, dict[str, Any]]:
    """Refuse what Pillow must not see, or leave it out; load the HEIC reader if it is needed.

    Returns:
        what Pillow may see, None if that is the file; and what it does not tell, for `info`.
    """
    if isinstance(file, str | Path):
        check_file(file)
        with open(file, "rb") as stream:
            return _look_before(stream, options)
    seen, notes = check_content(file, options.max_pixels)
    stream = file if seen is None else seen
    about: dict[str, Any] = {LEFT_OUT: notes, COLOUR_TAGS: read_colour_tags(stream)}
    stream.seek(0)
    head = stream.read(12)
    if is_png(head):
        about |= metadata_of(stream)
        about[TEXTS], hidden = take_texts(stream)
        seen = seen if hidden is None else hidden
    elif head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        try:
            importlib.import_module("pillow_heif").register_heif_opener()
        except ModuleNotFoundError as error:
            raise ImageError("HEIC pictures need: pip install 'jcarsr[heif]'") from error
    for stream in (file, seen or file):
        stream.seek(0)
    return seen, about


def _kind(file: str | Path | IO[bytes]) -> str | None:
    """What a file is that Pillow does not know; None = no picture."""
    if not isinstance(file, str | Path):
        return kind_of_tiff(file) or kind_of(file)
    with open(file, "rb") as stream:
        return kind_of_tiff(stream) or kind_of(stream)
