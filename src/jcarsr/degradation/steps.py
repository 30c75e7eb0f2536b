"""The steps of a degradation history: what programs do to a picture before we get it.

A step maps (H, W, 3) uint8 RGB pixels to pixels and prints as one short word, from which
`words.parse_step` makes it again. Every step but `Resize` keeps the size. A save's `shift` is the
picture's place on that save's block grid: (4, 4) stands for a picture that was cut out of a larger
one, 4 pixels below and right of a block's corner. The surroundings that were cut off are made of
the border pixels.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from PIL import Image, ImageFilter, JpegPresets

from jcarsr.jpeg import codec
from jcarsr.jpeg.last_save import LastSave, last_save_of
from jcarsr.jpeg.mozjpeg import mozjpeg_table
from jcarsr.pixels import Pixels

Shift: TypeAlias = tuple[int, int]
"""(rows, columns) of a picture's place on a block grid, each from 0 to 63."""

Encoder = Literal["libjpeg", "mozjpeg"]
Filter = Literal["box", "bilinear", "bicubic", "lanczos"]
PhotoshopPreset = Literal[
    "web_low", "web_medium", "web_high", "web_very_high", "low", "medium", "high", "maximum"
]


class _InJpeg:
    """What saves as JPEG share; without fields."""

    shift: Shift

    def __call__(self, pixels: Pixels) -> Pixels:
        """The pixels after saving and loading."""
        return _cut(codec.decode(self.encode(_pad(pixels, self.shift))), self.shift)

    @property
    def last_save(self) -> LastSave:
        """What such a file says of its save."""
        with Image.open(io.BytesIO(self.encode(np.zeros((8, 8, 3), np.uint8)))) as image:
            return last_save_of(image)

    def encode(self, pixels: Pixels) -> bytes:
        """The file, without the shift."""
        raise NotImplementedError


class _InPng:
    """What steps share whose pixels stay in a file without loss; without fields."""

    @property
    def last_save(self) -> LastSave:
        """What a file of the pixels says: a PNG has no loss."""
        return LastSave(format="PNG")


@dataclass(frozen=True, kw_only=True)
class Jpeg(_InJpeg):
    """Save as JPEG: `jpeg20`, `jpeg75/444`, `jpeg60/mozjpeg`, `jpeg20+4,4`.

    Raises:
        ValueError: quality or shift is out of range.
    """

    qf: int
    """1 to 100, of libjpeg's scale."""
    subsampling: codec.Subsampling = "4:2:0"
    tables: Encoder = "libjpeg"
    """Whose tables; libjpeg encodes in any case."""
    shift: Shift = (0, 0)

    def __post_init__(self) -> None:
        _check_range("JPEG quality", self.qf, 1)
        _check_shift(self.shift)

    def encode(self, pixels: Pixels) -> bytes:
        """The file, without the shift."""
        tables = [mozjpeg_table(self.qf)] * 2 if self.tables == "mozjpeg" else None
        return codec.encode(pixels, self.qf, self.subsampling, tables)

    def __str__(self) -> str:
        chroma = "" if self.subsampling == "4:2:0" else "/" + self.subsampling.replace(":", "")
        encoder = "" if self.tables == "libjpeg" else f"/{self.tables}"
        return f"jpeg{self.qf}{chroma}{encoder}{_shift_word(self.shift)}"


@dataclass(frozen=True, kw_only=True)
class Photoshop(_InJpeg):
    """Save as JPEG with the tables and the subsampling of Photoshop: `photoshop/web_low+4,4`.

    Raises:
        ValueError: the shift is out of range.
    """

    preset: PhotoshopPreset
    """Pillow's names for them."""
    shift: Shift = (0, 0)

    def __post_init__(self) -> None:
        if self.preset not in get_args(PhotoshopPreset):
            raise ValueError(
                f"Photoshop preset must be one of web_low ... maximum, got {self.preset!r}"
            )
        _check_shift(self.shift)

    def encode(self, pixels: Pixels) -> bytes:
        """The file, without the shift."""
        preset: Any = JpegPresets.presets[self.preset]
        number: int = preset["subsampling"]
        subsampling: codec.Subsampling = ("4:4:4", "4:2:2", "4:2:0")[number]
        return codec.encode(pixels, 100, subsampling, preset["quantization"])

    def __str__(self) -> str:
        return f"photoshop/{self.preset}{_shift_word(self.shift)}"


@dataclass(frozen=True, kw_only=True)
class Modern:
    """Save as WebP or AVIF by Pillow: `webp50`, `avif40+3,1`.

    Raises:
        ValueError: quality or shift is out of range.
    """

    format: Literal["webp", "avif"]
    quality: int
    """0 to 100, of the format's own scale."""
    shift: Shift = (0, 0)

    def __post_init__(self) -> None:
        _check_range(f"{self.format} quality", self.quality, 0)
        _check_shift(self.shift)

    def __call__(self, pixels: Pixels) -> Pixels:
        """The pixels after saving and loading."""
        speed = {"method": 2} if self.format == "webp" else {"speed": 8, "max_threads": 1}
        file = io.BytesIO()
        image = Image.fromarray(_pad(pixels, self.shift))
        image.save(file, self.format.upper(), quality=self.quality, **speed)
        with Image.open(file) as saved:
            return _cut(np.array(saved.convert("RGB")), self.shift)

    @property
    def last_save(self) -> LastSave:
        """What such a file says of its save: its format alone."""
        return LastSave(format=self.format.upper())

    def __str__(self) -> str:
        return f"{self.format}{self.quality}{_shift_word(self.shift)}"


@dataclass(frozen=True)
class Png(_InPng):
    """Save without loss: `png`, as a screenshot does."""

    def __call__(self, pixels: Pixels) -> Pixels:
        """The same pixels."""
        return pixels

    def __str__(self) -> str:
        return "png"


@dataclass(frozen=True, kw_only=True)
class Resize(_InPng):
    """Enlarge or shrink: `resize0.5`, `resize0.75/lanczos`; antialiased, by Pillow.

    Raises:
        ValueError: the ratio is not within 0.25 and 4.
    """

    ratio: float
    """New size / old size, two decimals."""
    filter: Filter = "bicubic"

    def __post_init__(self) -> None:
        if not 0.25 <= self.ratio <= 4 or round(self.ratio, 2) != self.ratio:
            raise ValueError(
                f"a resize ratio must be within 0.25 and 4, with two decimals, got {self.ratio!r}"
            )

    def size_before(self, size: tuple[int, int]) -> tuple[int, int]:
        """The (height, width) from which the ratio makes `size`."""
        return round(size[0] / self.ratio), round(size[1] / self.ratio)

    def resize(self, pixels: Pixels, size: tuple[int, int]) -> Pixels:
        """`pixels` at exactly `size` (height, width)."""
        how = Image.Resampling[self.filter.upper()]
        return np.array(Image.fromarray(pixels).resize((size[1], size[0]), how))

    def __str__(self) -> str:
        name = "" if self.filter == "bicubic" else f"/{self.filter}"
        return f"resize{self.ratio:g}{name}"


@dataclass(frozen=True, kw_only=True)
class Sharpen(_InPng):
    """Mask unsharply: `sharpen50` (Pillow, radius of 1 pixel, no threshold).

    Raises:
        ValueError: the strength is out of range.
    """

    percent: int
    """1 to 200."""

    def __post_init__(self) -> None:
        _check_range("sharpening", self.percent, 1, 200)

    def __call__(self, pixels: Pixels) -> Pixels:
        """The sharpened pixels."""
        mask = ImageFilter.UnsharpMask(radius=1, percent=self.percent, threshold=0)
        return np.array(Image.fromarray(pixels).filter(mask))

    def __str__(self) -> str:
        return f"sharpen{self.percent}"


Save: TypeAlias = Jpeg | Photoshop | Modern | Png
Step: TypeAlias = Save | Resize | Sharpen


def _check_range(name: str, value: int, low: int, high: int = 100) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must be between {low} and {high}, got {value!r}")


def _check_shift(shift: Shift) -> None:
    for value in shift:
        _check_range("a shift on the block grid", value, 0, 63)


def _shift_word(shift: Shift) -> str:
    return "" if shift == (0, 0) else f"+{shift[0]},{shift[1]}"


def _pad(pixels: Pixels, shift: Shift) -> Pixels:
    """`pixels` with its first row repeated above and its first column to the left."""
    if shift == (0, 0):
        return pixels
    return np.pad(pixels, ((shift[0], 0), (shift[1], 0), (0, 0)), "edge")


def _cut(pixels: Pixels, shift: Shift) -> Pixels:
    """The inverse of `_pad`."""
    return np.ascontiguousarray(pixels[shift[0] :, shift[1] :])
