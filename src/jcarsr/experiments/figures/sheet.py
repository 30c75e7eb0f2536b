"""Pictures with names below them in rows, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from jcarsr.experiments.store import write_png
from jcarsr.pixels import Pixels

_GAP, _TEXT = 6, 16  # pixels


def save_sheet(
    panels: Sequence[tuple[str, Pixels]], path: Path, *, columns: int, side: int
) -> None:
    """Write a PNG of named pictures.

    Args:
        panels: (name, (H, W, 3) uint8 RGB).
        path: the file.
        columns: pictures in a row.
        side: width of each in the sheet, pixels; smaller ones are enlarged by nearest neighbour.

    Raises:
        DataError: the file cannot be written.
    """
    scaled = [(name, _fit(pixels, side)) for name, pixels in panels]
    height = max(pixels.shape[0] for _, pixels in scaled)
    rows = -(-len(scaled) // columns)
    size = columns * (side + _GAP) + _GAP, rows * (height + _TEXT + _GAP) + _GAP
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for index, (name, pixels) in enumerate(scaled):
        left = _GAP + index % columns * (side + _GAP)
        top = _GAP + index // columns * (height + _TEXT + _GAP)
        sheet.paste(Image.fromarray(pixels), (left, top))
        draw.text((left, top + height + 1), name, fill="black", font=font)
    write_png(path, sheet)


def _fit(pixels: Pixels, side: int) -> Pixels:
    height = max(1, round(pixels.shape[0] * side / pixels.shape[1]))
    enlarged = side >= pixels.shape[1]
    method = Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(pixels).resize((side, height), method))
