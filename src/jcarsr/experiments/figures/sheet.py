"""Pictures with names below them in rows under a caption, as one picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from jcarsr.experiments.figures.squares import Square
from jcarsr.experiments.store import write_png
from jcarsr.pixels import Pixels

_GAP = 8  # pixels
_LINE = 17  # pixels from a line of text to the next
_FONT = 13
_EMPTY, _QUIET, _FRAME = (240, 240, 240), (90, 90, 90), (230, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A picture of a sheet."""

    name: str
    pixels: Pixels
    """(H, W, 3) uint8 RGB."""
    below: str = ""
    """What stands below the name."""
    frame: Square | None = None
    """Drawn around a part of the picture, in pixels of it."""


def save_sheet(rows: Sequence[Sequence[Panel]], path: Path, *, caption: str, side: int) -> None:
    """Write a PNG of rows of panels. Every text is wrapped, none is cut.

    Args:
        rows: from the top, from the left.
        path: the file.
        caption: a line or more above all.
        side: of the square into which every picture is fitted, pixels: a smaller one is enlarged
            by a whole number, pixel by pixel, a larger one is shrunk.

    Raises:
        DataError: the file cannot be written.
    """
    font = ImageFont.load_default(_FONT)
    width = max(map(len, rows)) * (side + _GAP) + _GAP
    above = wrap(caption, width - 2 * _GAP, font.getlength)
    bands = [[_Shown(panel, side, font.getlength) for panel in row] for row in rows]
    height = 2 * _GAP + len(above) * _LINE + sum(_height(band) for band in bands)
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)

    def write(lines: Sequence[str], left: int, top: int, colour: tuple[int, int, int]) -> int:
        for line in lines:
            draw.text((left, top), line, fill=colour, font=font)
            top += _LINE
        return top

    top = write(above, _GAP, _GAP, (0, 0, 0)) + _GAP
    for band in bands:
        tallest = max(shown.picture.height for shown in band)
        for index, shown in enumerate(band):
            left = _GAP + index * (side + _GAP)
            draw.rectangle((left, top, left + side - 1, top + tallest - 1), fill=_EMPTY)
            sheet.paste(shown.picture, (left, top))
            below = write(shown.name, left, top + tallest + 2, (0, 0, 0))
            write(shown.below, left, below, _QUIET)
        top += _height(band)
    write_png(path, sheet)


def in_rows(panels: Sequence[Panel], columns: int) -> list[tuple[Panel, ...]]:
    """The panels in rows of as many."""
    return [tuple(panels[start : start + columns]) for start in range(0, len(panels), columns)]


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The lines of a text, none wider than `width` unless a single character is.

    Args:
        text: its words stay whole where they fit; other white space than blanks becomes a blank.
        width: pixels.
        measure: the width of a line.
    """
    lines: list[str] = []
    line = ""
    for word in text.encode("utf-8", "replace").decode().split():
        longer = f"{line} {word}" if line else word
        if measure(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = ""
        for character in word:
            if line and measure(line + character) > width:
                lines.append(line)
                line = ""
            line += character
    return [*lines, line] if line else lines


class _Shown:
    """A panel as it is drawn."""

    def __init__(self, panel: Panel, side: int, measure: Callable[[str], float]) -> None:
        self.picture = Image.fromarray(fit(panel.pixels, side))
        self.name = wrap(panel.name, side, measure)
        self.below = wrap(panel.below, side, measure)
        if panel.frame is not None:
            ratio = self.picture.width / panel.pixels.shape[1]
            top, left, length = (round(ratio * value) for value in panel.frame)
            right, bottom = left + length - 1, top + length - 1
            box = (max(0, left - 1), max(0, top - 1), right, bottom)
            ImageDraw.Draw(self.picture).rectangle(box, outline=_FRAME, width=2)


def _height(band: Sequence[_Shown]) -> int:
    """Of a row with its texts and the gap below it."""
    texts = max(len(shown.name) + len(shown.below) for shown in band)
    return max(shown.picture.height for shown in band) + texts * _LINE + 2 + _GAP


def fit(pixels: Pixels, side: int) -> Pixels:
    """The picture in a square: enlarged by a whole number, or shrunk.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        side: of the square, pixels.
    """
    height, width = pixels.shape[:2]
    times = side // max(height, width)
    if times:
        return pixels.repeat(times, 0).repeat(times, 1)
    ratio = side / max(height, width)
    size = max(1, round(ratio * width)), max(1, round(ratio * height))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
