"""Draw faithful and crisp pictures next to bicubic and Real-ESRGAN x4plus.

    python benchmarks/crisp_sheet.py --real-esrgan x4plus.safetensors --out docs/crisp.webp

The pictures are scikit-image's: a face, print, grass, a drawing, a sky.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from crisp import methods
from sheet import Row, draw
from waifu2x import Waifu2x

ROWS = (
    Row("astronaut", "jpeg40+4,4>jpeg75", top=40, left=170),
    Row("page", "jpeg40+4,4>jpeg75", top=60, left=30),
    Row("grass", "jpeg40+4,4>jpeg75", top=200, left=200),
    Row("logo", "jpeg40+4,4>jpeg75", top=150, left=190),
    Row("rocket", "jpeg40+4,4>jpeg75", top=60, left=250),
)


def main() -> None:
    """Write the sheet of the command line."""
    parser = argparse.ArgumentParser(description="Draw a sheet of faithful and crisp pictures.")
    parser.add_argument("--real-esrgan", required=True, help="weight file, converted")
    parser.add_argument("--faithful", help="weights (default: the bundled web ones)")
    parser.add_argument("--crisp", help="weights (default: the bundled crisp ones)")
    parser.add_argument("--scale", type=int, choices=(2, 4), default=4)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with Waifu2x(1) as waifu2x:
        found = methods(arguments, waifu2x)
        columns = {name: found[name] for name in ("bicubic", "faithful", "crisp")}
        columns["Real-ESRGAN"] = found["Real-ESRGAN x4plus"]
        draw(ROWS, arguments.scale, columns, arguments.out)


if __name__ == "__main__":
    main()
