"""A picture file of any kind -> its samples and metadata."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.errors import ImageError, JCARSRError, PixelLimitError, one_line
from jcarsr.image.colour.settle import Colours, settle_colours, without_grey
from jcarsr.image.geometry import Stored, swaps_sides
from jcarsr.image.guard import check_file
from jcarsr.image.header import check_need, header_of
from jcarsr.image.jpeg.behind import note_on_rest
from jcarsr.image.jpeg.whole import TRUNCATED, whole_jpeg
from jcarsr.image.metadata.read import orientation_of, read_metadata, stored_size
from jcarsr.image.metadata.xmp import tells_of_lost_data
from jcarsr.image.open import DAMAGED, LEFT_OUT, SALVAGE_HELPS, ReadOptions, open_image
from jcarsr.image.parts import MAX_FRAMES, breaks_off_gif
from jcarsr.image.picture import Animation, Metadata, Picture
from jcarsr.image.png.rows import find_png_damage
from jcarsr.image.samples import (
    cmyk_to_rgb,
    is_grey,
    load,
    note_on_channels,
    refuse_unknown_mode,
    samples_of,
)
from jcarsr.image.tiff.damage import is_damaged_tiff
from jcarsr.jpeg.last_save import last_save_of
from jcarsr.jpeg.structure import read_structure
from jcarsr.pixels import Pixels, to_8_bits

Source = str | Path | IO[bytes]


def decode(file: Source, options: ReadOptions = ReadOptions()) -> Picture | Animation:
    """Read a picture: 8 or 16 bits, grey, palette, RGB, CMYK, with or without transparency.

    CMYK becomes sRGB, through the file's colour profile if it has one.

    Raises:
        ImageError: missing, empty, no picture, truncated (without `salvage`), too large, or of a
            kind that cannot be kept whole. The message does not name the file.
    """
    data = read_bytes(file)
    try:
        return _decode(data, options)
    except (JCARSRError, MemoryError):
        raise
    except Exception as error:  # other people's bytes make the parsers raise nearly anything
        raise ImageError(f"cannot be decoded ({one_line(error)})") from error


def _decode(data: bytes, options: ReadOptions) -> Picture | Animation:
    notes, rest = list[str](), None
    with open_image(io.BytesIO(data), options) as image:
        if options.max_memory is not None:
            check_need(header_of(image, options), options)
        if isinstance(image, JpegImageFile):
            rest = note_on_rest(data, read_structure(data))
            data, notes = whole_jpeg(data, options)
        elif image.format == "PNG":
            notes = _notes_on_png(data, options)
        elif image.format == "GIF" and not options.first_frame:
            notes = _notes_on_gif(data, options)
        elif image.format == "TIFF":
            notes = [DAMAGED] * is_damaged_tiff(image, data)
    with open_image(io.BytesIO(data), options) as image:
        if options.first_frame or not _is_animated(image):
            picture = _still(image, options, data, notes)
            if rest is not None and not tells_of_lost_data(picture.notes):
                picture = picture.noting(rest)
            return picture
        return _animation(image, options, data, notes)


def decode_rgb(file: Source) -> Pixels:
    """Only the colours of a still, (H, W, 3) uint8 as stored, for training and measuring.

    Raises:
        ImageError: as `decode`, or the picture has transparency or several frames.
    """
    picture = decode(file)
    if isinstance(picture, Animation):
        raise ImageError("an animation")
    if picture.alpha is not None:
        raise ImageError("has transparency")
    return to_8_bits(picture.samples)


def from_pillow(image: Image.Image) -> Picture:
    """The picture in an image that Pillow has opened or made: its current frame, 8 bits of RGB.

    Raises:
        ImageError: truncated, or of a kind that `decode` refuses.
    """
    return _still(image, ReadOptions(), None)


def size_of(file: Source, options: ReadOptions = ReadOptions()) -> tuple[int, int]:
    """(height, width) as stored, from the header alone.

    Raises:
        ImageError: missing, empty, no picture, or larger than allowed.
    """
    with open_image(file, options) as image:
        return image.height, image.width


def read_bytes(file: Source) -> bytes:
    """All of a file.

    Raises:
        ImageError: it cannot be read; the message does not name it.
    """
    if not isinstance(file, str | Path):
        return file.read()
    try:
        check_file(file)
        return Path(file).read_bytes()
    except FileNotFoundError as error:
        raise ImageError("no such file") from error
    except OSError as error:
        raise ImageError(f"cannot be opened ({one_line(error)})") from error


def _notes_on_png(png: bytes, options: ReadOptions) -> list[str]:
    """Notes on the damages of a PNG's pixels.

    Raises:
        ImageError: it has too few rows, and is not to be salvaged.
    """
    damage = find_png_damage(png)
    if damage.broken_off and not options.salvage:
        raise ImageError(f"cannot be decoded (truncated) {SALVAGE_HELPS}")
    return [DAMAGED] * damage.corrupt + [TRUNCATED] * damage.broken_off


def _notes_on_gif(gif: bytes, options: ReadOptions) -> list[str]:
    """A note on a GIF that has lost frames, or a part of one.

    Raises:
        ImageError: it has, and is not to be salvaged.
    """
    broken_off = breaks_off_gif(gif)
    if broken_off and not options.salvage:
        raise ImageError(f"cannot be decoded (truncated) {SALVAGE_HELPS}")
    return [TRUNCATED] * broken_off


def _still(
    image: Image.Image,
    options: ReadOptions,
    data: bytes | None,
    found: Sequence[str] = (),
    colours: Colours | None = None,
) -> Picture:
    """The current frame of an image.

    `data` is its file, to read 16-bit colours from; `found` are notes on the file; `colours` are
    those of all frames.
    """
    refuse_unknown_mode(image)
    layout, last_save = getattr(image, "tile", None), last_save_of(image)
    turned_by = orientation_of(image)
    more_channels = note_on_channels(image)
    broken_off = load(image, options)
    metadata, orientation, notes = read_metadata(image, data)
    notes += (*image.info.get(LEFT_OUT, ()), *found)
    if image.format == "TIFF" and not broken_off:
        orientation = 1  # Pillow turns TIFFs upright while it loads them
        width, height = stored_size(image)
        stored = Stored(width=width, height=height, orientation=turned_by)
        metadata = replace(metadata, stored=stored)
    if more_channels is not None:
        notes.append(more_channels)
    if broken_off and TRUNCATED not in notes:
        notes.append(TRUNCATED)
    grey = is_grey(image)
    profile = metadata.icc_profile
    if image.mode == "CMYK":
        image, profile = cmyk_to_rgb(image, profile, notes)
        colours = None
    else:
        colours = colours or settle_colours(image, profile, grey, notes)
        profile, grey = colours.profile, colours.grey
    whole = isinstance(image, JpegImageFile) and TRUNCATED not in notes and not found
    colours_stay = colours is not None and colours.conversion is None
    samples, alpha = samples_of(image, layout, options, data)
    if colours is not None and colours.conversion is not None:
        samples = colours.conversion.apply(samples)
    if alpha is not None and not alpha.any():
        if image.format == "BMP":  # its writer left the fourth byte unused
            alpha = None
        else:
            notes.append("transparent everywhere: nothing of it is seen")
    return Picture(
        samples=samples,
        alpha=alpha,
        grey=grey,
        orientation=orientation,
        metadata=replace(metadata, icc_profile=profile),
        notes=tuple(notes),
        last_save=last_save,
        jpeg=data if whole and colours_stay else None,
    )


def _is_animated(image: Image.Image) -> bool:
    if image.format == "MPO":  # a camera's JPEG with previews or the other eye's view behind it
        return False
    try:
        return getattr(image, "n_frames", 1) > 1
    except Exception as error:  # counting the frames of a broken file may fail anyhow
        raise ImageError(f"cannot be decoded ({one_line(error)})") from error


def _animation(
    image: Image.Image, options: ReadOptions, data: bytes, found: Sequence[str]
) -> Animation:
    """All frames of an image; `data` is its file, `found` are notes on it."""
    if image.format not in ("GIF", "PNG", "WEBP", "AVIF"):
        raise ImageError(
            "has several pages: the first alone can be restored, with first_frame=True"
        )
    unchecked: Any = image
    count: int = unchecked.n_frames
    pixels = image.width * image.height * count
    if pixels > options.max_pixels:
        all_frames = f"{count} frames of {image.width}x{image.height}"
        raise PixelLimitError(
            f"{all_frames} are more than {options.max_pixels:,} pixels: refused as a bomb"
        )
    if count > MAX_FRAMES:
        raise ImageError(f"{count:,} frames, more than {MAX_FRAMES:,}: refused")
    first = 1 if image.info.get("default_image") else 0  # a still for viewers without animation
    metadata, orientation, notes = read_metadata(image)
    notes += (*image.info.get(LEFT_OUT, ()), *found)
    grey = image.mode in ("1", "L", "LA")
    colours = settle_colours(image, metadata.icc_profile, grey, notes)
    colours = without_grey(colours, notes)  # frames are saved as RGB
    metadata = replace(metadata, icc_profile=colours.profile)
    plays, size = _plays(image), image.size
    durations: list[float] = []
    try:
        for index in range(first, count):
            image.seek(index)
            if image.size != size:  # a GIF's frame beyond the edge makes Pillow's image grow
                raise ValueError(f"frame {index} is larger than the picture")
            image.load()  # most formats tell a frame's duration only then
            durations.append(float(image.info.get("duration", 0)))
    except Exception as error:  # broken files make Pillow's decoders raise nearly anything
        if not (options.salvage and durations):
            raise ImageError(f"cannot be decoded ({one_line(error)})") from error
        count = first + len(durations)  # the frames before
        notes += [] if TRUNCATED in notes else [TRUNCATED]

    def decode_frames() -> Iterator[Picture]:
        with open_image(io.BytesIO(data), options) as frames:
            for index in range(first, count):
                try:
                    frames.seek(index)
                except Exception as error:
                    raise ImageError(f"frame {index}: {one_line(error)}") from error
                frame = _still(frames, options, None, colours=colours)
                yield replace(
                    frame, grey=False, orientation=orientation, metadata=Metadata(), notes=()
                )

    width, height = size[::-1] if swaps_sides(orientation) else size
    return Animation(
        (width, height), tuple(durations), plays, metadata, decode_frames, tuple(notes)
    )


def _plays(image: Image.Image) -> int:
    """How often an animation is shown; 0 = for ever."""
    loop: Any = image.info.get("loop")
    if image.format == "GIF":  # counts repetitions, and none is said for a single play
        return 1 if loop is None else loop + 1 if loop else 0
    return loop or 0
