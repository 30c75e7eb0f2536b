r"""Count the letters that restoring changes, as Tesseract reads them.

    python benchmarks/letters.py --scale 4 --history "jpeg40+4,4>jpeg75" \
      --real-esrgan x4plus.safetensors --out letters.json --sheet letters.webp

Random words of known letters are drawn large, shrunk, degraded and restored. A letter counts as
changed where Tesseract reads another one in its place, and as lost where it reads none; both by the
alignment of least edits with what was drawn. Words that make no sense give the reader no help. The
originals are read, too: what is not read there does not count against a method.

Needs the program `tesseract` and the fonts DejaVu.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from crisp import Restore, methods
from PIL import Image, ImageDraw, ImageFont
from waifu2x import Waifu2x

from jcarsr.degradation.history import History, parse_history
from jcarsr.degradation.pipeline import degrade
from jcarsr.jpeg.decoded import Decoded
from jcarsr.pixels import Pixels

SIZES = (6, 7, 8, 10, 12)  # of the letters in the degraded picture, pixels
FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf")
LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no look-alikes: l I 1, O 0
LENGTH, WORDS = 6, 4  # of a word, and in a line


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of words."""

    text: str
    size: int
    picture: Pixels


@dataclass
class Count:
    """Letters, summed over lines."""

    right: int = 0
    changed: int = 0
    lost: int = 0


def draw(size: int, font: str, scale: int, rng: random.Random) -> Line:
    """Dark letters on a light ground, `scale * size` pixels high."""
    words = ["".join(rng.choice(LETTERS) for _ in range(LENGTH)) for _ in range(WORDS)]
    text, side = " ".join(words), scale * size
    face = ImageFont.truetype(font, side)
    width = int(face.getlength(text)) + 4 * side
    multiple = 8 * scale
    image = Image.new(
        "RGB", (-(-width // multiple) * multiple, -(-3 * side // multiple) * multiple)
    )
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, *image.size), fill=tuple(rng.randint(190, 255) for _ in range(3)))
    ink = tuple(rng.randint(0, 70) for _ in range(3))
    canvas.text((2 * side, side), text, ink, face)
    return Line(text=text, size=size, picture=np.asarray(image))


def read(picture: Pixels, side: int) -> str:
    """What Tesseract reads in one line of letters that are `side` pixels high."""
    image = Image.fromarray(picture)
    ratio = 48 / side  # the height at which it reads best
    image = image.resize((round(image.width * ratio), round(image.height * ratio)))
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        image.save(file.name)
        command = ["tesseract", file.name, "-", "--psm", "7", "-l", "eng"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip().replace(" ", "")


def compare(drawn: str, found: str) -> list[str]:
    """For each drawn letter what stands in its place: itself, another, or nothing.

    The alignment of least edits; of several, one that keeps letters.
    """
    rows, columns = len(drawn) + 1, len(found) + 1
    cost = np.zeros((rows, columns), int)
    cost[:, 0], cost[0] = np.arange(rows), np.arange(columns)
    for i in range(1, rows):
        for j in range(1, columns):
            other = drawn[i - 1] != found[j - 1]
            cost[i, j] = min(cost[i - 1, j - 1] + other, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    places: list[str] = []
    i, j = rows - 1, columns - 1
    while i:
        if j and cost[i, j] == cost[i - 1, j - 1] + (drawn[i - 1] != found[j - 1]):
            i, j = i - 1, j - 1
            places.append(found[j])
        elif cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            places.append("")
        else:
            j -= 1
    return places[::-1]


def count(
    lines: Sequence[Line], restored: dict[str, list[Pixels]], scale: int
) -> dict[str, dict[int, Count]]:
    """Method -> size -> letters, of those that are read right in the originals."""
    counts = {name: {size: Count() for size in SIZES} for name in restored}
    for number, line in enumerate(lines):
        drawn = line.text.replace(" ", "")
        clean = compare(drawn, read(line.picture, scale * line.size))
        for name, pictures in restored.items():
            own = counts[name][line.size]
            places = compare(drawn, read(pictures[number], scale * line.size))
            for letter, true, seen in zip(drawn, clean, places, strict=True):
                if true == letter:
                    own.right += seen == letter
                    own.lost += not seen
                    own.changed += bool(seen) and seen != letter
    return counts


def degraded(line: Line, scale: int, history: History) -> Decoded:
    """What a method is given."""
    return Decoded(pixels=degrade(line.picture, scale, history).lq, last_save=history.last_save)


def draw_sheet(lines: Sequence[Line], restored: dict[str, list[Pixels]], path: Path) -> None:
    """The first line of every size, by each method, one below the other."""
    rows: list[tuple[str, Pixels]] = []
    for size in SIZES:
        number = next(i for i, line in enumerate(lines) if line.size == size)
        rows += [(f"{size} px, {name}", found[number]) for name, found in restored.items()]
    left, width = 180, 900
    strips = [(name, Image.fromarray(picture)) for name, picture in rows]
    strips = [(name, s.resize((width, round(s.height * width / s.width)))) for name, s in strips]
    sheet = Image.new("RGB", (left + width, sum(strip.height + 2 for _, strip in strips)), "white")
    canvas, font, top = ImageDraw.Draw(sheet), ImageFont.load_default(13), 0
    for name, strip in strips:
        canvas.text((4, top + strip.height // 2 - 8), name, "black", font)
        sheet.paste(strip, (left, top))
        top += strip.height + 2
    sheet.save(path)


def main() -> None:
    """Write the counts and print them."""
    parser = argparse.ArgumentParser(description="Count the letters that restoring changes.")
    parser.add_argument("--scale", type=int, choices=(2, 4), required=True)
    parser.add_argument("--history", required=True)
    parser.add_argument("--real-esrgan", required=True, help="weight file, converted")
    parser.add_argument("--faithful", help="weights (default: the bundled web ones)")
    parser.add_argument("--crisp", help="weights (default: the bundled crisp ones)")
    parser.add_argument("--lines", type=int, default=6, help="of each size and font")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    rng, history = random.Random(0), parse_history(arguments.history)
    lines = [
        draw(size, font, arguments.scale, rng)
        for size in SIZES
        for font in FONTS
        for _ in range(arguments.lines)
    ]
    inputs = [degraded(line, arguments.scale, history) for line in lines]
    restored: dict[str, list[Pixels]] = {}
    with Waifu2x(1) as waifu2x:
        every: dict[str, Restore] = methods(arguments, waifu2x)
        for name, restore in every.items():
            restored[name] = [restore(decoded) for decoded in inputs]
    counts = count(lines, restored, arguments.scale)
    result = {
        name: {size: vars(own) for size, own in sizes.items()} for name, sizes in counts.items()
    }
    arguments.out.write_text(json.dumps(result, indent=1), "utf-8")
    for name, sizes in counts.items():
        for size, own in sizes.items():
            print(
                f"{name:20} {size:3} px  {own.right} right, {own.changed} changed, {own.lost} lost"
            )
    if arguments.sheet:
        draw_sheet(lines, restored, arguments.sheet)


if __name__ == "__main__":
    main()
