"""The pixels of an image that Pillow has opened, without losing bits, greys or transparency."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms

from jcarsr.errors import ImageError, one_line
from jcarsr.image.metadata.profile import colour_space, wrong_profile
from jcarsr.image.open import SALVAGE_HELPS, ReadOptions, open_image
from jcarsr.pixels import Samples

_STRIP = 2**20  # pixels converted at once
_GREY = frozenset({"1", "L", "LA", "La"})
_DEEP_GREY = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
_COLOUR = frozenset({"P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK"})
# Pillow keeps the upper byte of 16-bit colours; read in the other byte order, the lower one.
_OTHER_ORDER = {
    "RGB;16B": "RGB;16L",
    "RGB;16L": "RGB;16B",
    "RGB;16N": "RGB;16B",
    "RGBA;16B": "RGBA;16L",
    "RGBA;16L": "RGBA;16B",
    "RGBA;16N": "RGBA;16B",
}


def refuse_unknown_mode(image: Image.Image) -> None:
    """Raises ImageError where `samples_of` would lose something."""
    if image.mode not in _GREY | _DEEP_GREY | _COLOUR:
        raise ImageError(f"pictures of mode {image.mode} are not supported")
    layouts = {_raw_mode(tile.args) for tile in getattr(image, "tile", None) or ()}
    deep = {raw for raw in layouts if ";16" in raw and not raw.startswith("BGR")}  # BGR: of a pixel
    odd = {raw for raw in deep if not raw.startswith("I;16")} - set(_OTHER_ORDER)
    odd |= layouts & {"I;12"}  # Pillow would give it as nearly black
    if odd:
        raise ImageError(f"16-bit pictures stored as {min(odd)} are not supported")
    if deep and "transparency" in image.info:
        raise ImageError("16-bit pictures with one colour transparent are not supported")
    bits = _tiff_tag(image, ExifTags.Base.BitsPerSample, ())
    planes = _tiff_tag(image, ExifTags.Base.PlanarConfiguration, 1) == 2 and len(bits) > 1
    if planes and max(bits) > 8:
        raise ImageError("16-bit pictures stored plane by plane are not supported")


def note_on_channels(image: Image.Image) -> str | None:
    """A note on the channels of an opened TIFF that `samples_of` leaves out; None = there are none.

    They are those that are neither colour nor alpha: masks, spot colours, depths.
    """
    stored = _tiff_tag(image, ExifTags.Base.SamplesPerPixel, 1)
    left_out = stored - len(image.getbands())
    if left_out < 1:
        return None
    return f"{left_out} more channel{'s were' if left_out > 1 else ' was'} left out"


def is_deep(image: Image.Image) -> bool:
    """Whether `samples_of` gives 16 bits, of an opened image that is not loaded."""
    if image.mode in _DEEP_GREY:
        return True
    layouts = [_raw_mode(tile.args) for tile in getattr(image, "tile", None) or ()]
    return bool(layouts) and all(layout in _OTHER_ORDER for layout in layouts)


def load(image: Image.Image, options: ReadOptions) -> bool:
    """Decode the pixels; True if the file broke off and `salvage` took what there was.

    Raises:
        ImageError: truncated or broken, and nothing may or can be salvaged.
    """
    try:
        image.load()
        return False
    except MemoryError:
        raise
    except Exception as error:  # broken files make Pillow's decoders raise nearly anything
        room: Any = getattr(image, "_im", None)  # Pillow makes it before it decodes the first row
        if not options.salvage or room is None:
            way = "" if room is None else f" {SALVAGE_HELPS}"
            raise ImageError(f"cannot be decoded ({one_line(error)}){way}") from error
    unchecked: Any = image
    unchecked.tile = []  # nothing is left to decode: the rows that came stay, the others are black
    return True


def is_grey(image: Image.Image) -> bool:
    """Whether one channel says all; a palette of greys counts."""
    if image.mode in _GREY | _DEEP_GREY:
        return True
    if image.mode != "P" or image.palette is None:
        return False
    colours = np.array(image.getpalette("RGB") or [0] * 3, np.uint8).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def samples_of(
    image: Image.Image, layout: Any, options: ReadOptions, data: bytes | None
) -> tuple[Samples, Samples | None]:
    """RGB samples (H, W, 3) and alpha (H, W), None where all is opaque; uint8 or uint16.

    Args:
        image: loaded.
        layout: its `tile` before it was loaded.
        options: as it was opened.
        data: its file, where 16-bit colours are read from; None = 8 bits will do.

    Raises:
        ImageError: the pixels cannot be decoded.
    """
    if image.mode in _DEEP_GREY:
        return _deep_grey(image), None
    _mend_transparent_grey(image, layout)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    swaps = [_OTHER_ORDER.get(_raw_mode(tile.args)) for tile in layout or ()]
    if data is None or not swaps or not all(swaps):
        return _gather(image.im.size, mode, np.uint8, _strips(image, mode))
    with open_image(io.BytesIO(data), options) as other:
        unchecked: Any = other
        unchecked.tile = [
            tile._replace(args=_other_byte_order(tile.args)) for tile in unchecked.tile
        ]
        load(other, options)
        both = zip(_strips(image, mode), _strips(other, mode), strict=True)
        deep = (upper.astype(np.uint16) << 8 | lower for upper, lower in both)
        return _gather(image.im.size, mode, np.uint16, deep)


def cmyk_to_rgb(
    image: Image.Image, profile: bytes | None, notes: list[str]
) -> tuple[Image.Image, bytes | None]:
    """Printing colours as sRGB, through their profile if there is a sound one; and its profile."""
    if profile and colour_space(profile) == "CMYK":
        unchecked: Any = ImageCms  # parts of it come without types
        srgb = unchecked.ImageCmsProfile(unchecked.createProfile("sRGB"))
        try:
            source = io.BytesIO(profile)
            turned = unchecked.profileToProfile(image, source, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            notes.append("its colour profile is broken and was left out")
        else:
            if turned is not None:
                return turned, srgb.tobytes()
    elif profile:
        notes.append(wrong_profile(profile))
    return image.convert("RGB"), None


def _mend_transparent_grey(image: Image.Image, layout: Any) -> None:
    """Pillow spreads greys of 2 and 4 bits over 0 to 255, but not the one that is transparent."""
    key: Any = image.info.get("transparency")
    for tile in layout or ():
        step = {"L;2": 85, "L;4": 17}.get(_raw_mode(tile.args))
        if step is not None and isinstance(key, int) and key <= 255 // step:
            image.info["transparency"] = key * step


def _tiff_tag(image: Image.Image, tag: int, default: Any) -> Any:
    tags: Any = getattr(image, "tag_v2", None)
    return default if tags is None else tags.get(tag, default)


def _deep_grey(image: Image.Image) -> Samples:
    """(H, W, 3) uint16 of an image of 16-bit greys."""
    samples = np.empty((*image.im.size[::-1], 3), np.uint16)
    inverted = _tiff_tag(image, ExifTags.Base.PhotometricInterpretation, 1) == 0  # white is 0
    for rows, part in _parts(image):
        grey = np.asarray(part).astype(np.uint16)
        samples[rows] = (65535 - grey if inverted else grey)[..., None]
    return samples


def _gather(
    size: tuple[int, int], mode: str, dtype: npt.DTypeLike, strips: Iterable[Samples]
) -> tuple[Samples, Samples | None]:
    """RGB samples and alpha, None where all is opaque, of a picture's strips from top to bottom."""
    width, height = size
    samples = np.empty((height, width, 3), dtype)
    alpha = np.empty((height, width), dtype) if mode == "RGBA" else None
    top = 0
    for strip in strips:
        rows = slice(top, top + len(strip))
        samples[rows] = strip[..., :3]
        if alpha is not None:
            alpha[rows] = strip[..., 3]
        top = rows.stop
    opaque = alpha is None or bool((alpha == np.iinfo(alpha.dtype).max).all())
    return samples, None if opaque else alpha


def _strips(image: Image.Image, mode: str) -> Iterator[Samples]:
    """An image in another mode, from top to bottom, in parts that take little memory."""
    for _, part in _parts(image):
        try:
            yield np.asarray(part.convert(mode))
        except MemoryError:
            raise
        except Exception as error:  # for example a palette that the file does not hold
            raise ImageError(f"cannot be decoded ({one_line(error)})") from error


def _parts(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Parts of an image, from top to bottom, and their rows."""
    width, height = image.im.size  # the image itself may speak of how it will be turned
    rows = max(_STRIP // max(width, 1), 1)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        yield slice(top, bottom), image.crop((0, top, width, bottom))


def _raw_mode(args: Any) -> str:
    """How samples lie in the file, from a tile's arguments."""
    raw = args if isinstance(args, str) else args[0] if args else ""
    return raw if isinstance(raw, str) else ""


def _other_byte_order(args: Any) -> Any:
    other = _OTHER_ORDER[_raw_mode(args)]
    return other if isinstance(args, str) else (other, *args[1:])
