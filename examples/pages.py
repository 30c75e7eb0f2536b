"""Made pages of text, charts and drawings, as a small domain to fine-tune for: `pages.py OUT`.

Writes 60 pictures to OUT/train and 12 others to OUT/test, of 384x288 pixels. Only Pillow is
needed; its own font is what is written with.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = 384, 288
COUNTS = {"train": 60, "test": 12}
_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
_OVERSAMPLED = 2  # lines are drawn so many times larger, and shrunk


def draw_page(seed: int) -> Image.Image:
    """Return a page: a few lines of text of several sizes, a chart or a drawing, a frame."""
    chance = random.Random(seed)
    paper = tuple(chance.randint(215, 255) for _ in range(3))
    large = Image.new("RGB", (SIZE[0] * _OVERSAMPLED, SIZE[1] * _OVERSAMPLED), paper)
    draw = ImageDraw.Draw(large)
    y = 8
    while y < SIZE[1] * _OVERSAMPLED:
        height = chance.choice([20, 22, 24, 28, 36, 52])
        if chance.random() < 0.25:
            height = chance.randint(100, 200)
            _draw_figure(draw, chance, (chance.randint(8, 300), y, height))
        else:
            font = ImageFont.load_default(height)
            draw.text((chance.randint(4, 60), y), _words(chance), _ink(chance), font)
        y += height + chance.randint(2, 12)
    return large.resize(SIZE, Image.Resampling.LANCZOS)


def _words(chance: random.Random) -> str:
    weights = [1 / (rank + 2) for rank in range(len(_LETTERS))]
    words = ["".join(chance.choices(_LETTERS, weights, k=chance.randint(1, 9))) for _ in range(14)]
    words[::4] = [str(chance.randint(0, 9_999)) for _ in words[::4]]
    return " ".join(word.capitalize() if chance.random() < 0.2 else word for word in words)


def _ink(chance: random.Random) -> tuple[int, ...]:
    if chance.random() < 0.7:
        return (chance.randint(0, 60),) * 3
    return tuple(chance.randint(0, 170) for _ in range(3))


def _draw_figure(
    draw: ImageDraw.ImageDraw, chance: random.Random, place: tuple[int, int, int]
) -> None:
    left, top, height = place
    kind = chance.choice(["bars", "curve", "shapes"])
    right, bottom = left + 2 * height, top + height
    draw.rectangle((left, top, right, bottom), outline=_ink(chance), width=2)
    if kind == "bars":
        for x in range(left + 8, right - 20, 28):
            high = bottom - chance.randint(10, height - 10)
            draw.rectangle((x, high, x + 18, bottom), fill=_ink(chance))
    elif kind == "curve":
        turns, phase = chance.uniform(1, 4), chance.uniform(0, 6)
        points = [
            (x, top + height * (0.5 + 0.4 * math.sin(phase + turns * (x - left) / height)))
            for x in range(left, right, 3)
        ]
        draw.line(points, fill=_ink(chance), width=chance.choice([2, 3, 5]))
    else:
        for _ in range(4):
            x, y = chance.randint(left, right - 50), chance.randint(top, bottom - 50)
            side = chance.randint(20, 48)
            shape = chance.choice([draw.ellipse, draw.rectangle])
            shape((x, y, x + side, y + side), fill=_ink(chance), outline=_ink(chance), width=2)


def main(out: Path) -> None:
    """Write both folders."""
    seed = 0
    for name, count in COUNTS.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            draw_page(seed).save(out / name / f"{number:02}.png")
            seed += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
