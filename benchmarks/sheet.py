"""Draw pictures as the web has them: enlarged by bicubic, by waifu2x, restored, and the original.

    python benchmarks/sheet.py --out docs/before-after.webp

The photographs are scikit-image's. Every row names the history of its input.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont
from subjects import png
from waifu2x import Waifu2x, pixels

from jcarsr.degradation.history import parse_history
from jcarsr.degradation.pipeline import degrade
from jcarsr.engines.base import EngineOptions
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.catalog import Context, find_method
from jcarsr.metrics.protocol import EvalProtocol
from jcarsr.pixels import Pixels, crop_to_multiple

SIDE, ZOOM, GAP, HEADER = 112, 2, 6, 40  # pixels of a detail, times, pixels


@dataclass(frozen=True)
class Row:
    """A picture, what happened to it, and the corner of the detail that is shown."""

    name: str
    """Of scikit-image's data."""
    history: str
    top: int
    left: int

    def original(self) -> Pixels:
        """The picture in RGB, its sides multiples of 4; what is transparent is white."""
        found: Pixels = getattr(skimage.data, self.name)()
        if found.ndim == 3 and found.shape[2] == 4:
            alpha = found[..., 3:] / np.float64(255)
            found = np.round(found[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
        rgb = found if found.ndim == 3 else np.repeat(found[..., None], 3, 2)
        return crop_to_multiple(rgb, 4)


ROWS = (
    Row("astronaut", "jpeg20+4,4>jpeg90", top=40, left=170),
    Row("page", "jpeg30+2,5>jpeg60+6,1>jpeg85", top=60, left=30),
    Row("rocket", "jpeg20+4,4>jpeg75", top=60, left=250),
    Row("coffee", "webp40>jpeg85", top=150, left=330),
)


def draw(
    rows: Sequence[Row],
    scale: int,
    methods: Mapping[str, Callable[[Decoded], Pixels]],
    path: Path,
) -> None:
    """Write a sheet with a column a method and the original, and print every column's PSNR on Y."""
    size, names = SIDE * ZOOM, [*methods, "original"]
    canvas = Image.new(
        "RGB", (len(names) * (size + GAP) - GAP, len(rows) * (size + HEADER)), "white"
    )
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(14)
    protocol = EvalProtocol(border=scale)
    for number, row in enumerate(rows):
        hr, history = row.original(), parse_history(row.history)
        decoded = Decoded(pixels=degrade(hr, scale, history).lq, last_save=history.last_save)
        results = [restore(decoded) for restore in methods.values()]
        scores = [protocol.score(result, hr).psnr for result in results]
        print(row.name, row.history, *(f"{score:.2f}" for score in scores), flush=True)
        pen.text((2, number * (size + HEADER) + 3), row.history, "black", font)
        for place, (name, column) in enumerate(zip(names, [*results, hr], strict=True)):
            x, y = place * (size + GAP), number * (size + HEADER)
            pen.text((x + 2, y + 21), name, "black", font)
            box = (row.left, row.top, row.left + SIDE, row.top + SIDE)
            detail = Image.fromarray(column).crop(box)
            canvas.paste(detail.resize((size, size), Image.Resampling.NEAREST), (x, y + HEADER))
    canvas.save(path, quality=85)


def main() -> None:
    """Write the sheet of the command line."""
    parser = argparse.ArgumentParser(description="Draw a sheet of restored pictures.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    options = EngineOptions(precision="float32", threads=arguments.threads)
    with Waifu2x(arguments.threads) as waifu2x:

        def rival(decoded: Decoded) -> Pixels:
            return pixels(waifu2x.restore(png(Image.fromarray(decoded.pixels)), "CUNET"))

        columns = {
            "bicubic": find_method("bicubic", Context(scale=2)).restore,
            "waifu2x cunet": rival,
            "jcarsr": find_method("auto", Context(scale=2, options=options)).restore,
        }
        draw(ROWS, 2, columns, arguments.out)


if __name__ == "__main__":
    main()
