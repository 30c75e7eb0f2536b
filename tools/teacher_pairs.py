"""Make training pairs whose originals are another network's pictures.

    python tools/teacher_pairs.py TEACHER.safetensors --data shards/a.tar --scale 2 --out pairs

A piece of each picture is degraded by a history from `--history web`; what the teacher makes of it
is the target. A network that learns a fixed teacher by its absolute error stays as sharp as the
teacher, where the true pictures, of which many fit one degraded input, would teach it their soft
mean.

Written are `lq/`, `teacher/` (the targets) and `true/`, PNGs of the same names, for
`jcarsr train --pairs pairs/lq pairs/teacher`. What is there already is kept, so that a stopped run
goes on. A teacher that enlarges by more than `--scale` has its pictures shrunk.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from jcarsr.data.sources import Entry, list_entries
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import JCARSRError
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.catalog import Context, find_method
from jcarsr.pixels import Pixels, crop_to_multiple
from jcarsr.training.recipes import WEB
from jcarsr.weights import find, read_record

CANDIDATES = 4  # pieces drawn for each one used: the one with the most detail stays


def pieces(entry: Entry, side: int, scale: int, seed: str) -> tuple[Pixels, Pixels] | None:
    """A degraded piece of a picture and the true one, or None of a picture that is too small.

    (side, side, 3), (scale * side, scale * side, 3), uint8 RGB
    """
    rng = random.Random(seed)
    hr = crop_to_multiple(entry.pixels(), scale)
    lr = low_resolution(hr, scale, exact=False)
    if min(lr.shape[:2]) < side:
        return None
    lq = rng.choice(WEB.draw(scale, seed))(hr, lr)
    places = [
        (rng.randint(0, lr.shape[0] - side), rng.randint(0, lr.shape[1] - side))
        for _ in range(CANDIDATES)
    ]
    top, left = max(places, key=lambda p: np.std(lr[p[0] : p[0] + side, p[1] : p[1] + side]))
    small = lq[top : top + side, left : left + side]
    large = hr[scale * top : scale * (top + side), scale * left : scale * (left + side)]
    return small, large


def numbered(entries: list[Entry]) -> Iterator[tuple[int, Entry]]:
    """Every picture again and again, numbered through."""
    index = 0
    while True:
        for entry in entries:
            yield index, entry
            index += 1


def write_png(path: Path, pixels: Pixels) -> None:
    """Write a picture under a name of its own, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    Image.fromarray(pixels).save(part, "PNG")
    part.replace(path)


def run(arguments: argparse.Namespace) -> int:
    """Make pairs until the time is over; gives how many there are."""
    own_scale = read_record(find(arguments.teacher)).facts.scale
    options = EngineOptions(engine="torch", threads=arguments.threads)
    teacher = find_method(arguments.teacher, Context(scale=own_scale, options=options))
    entries = list_entries(arguments.data)
    end = time.monotonic() + 60 * arguments.minutes
    for index, entry in numbered(entries):
        if time.monotonic() > end:
            return index
        paths = [arguments.out / kind / f"{index:06d}.png" for kind in ("true", "teacher", "lq")]
        if paths[-1].exists():  # written last
            continue
        found = pieces(entry, arguments.side, arguments.scale, f"{arguments.seed}:{index}")
        if found is None:
            continue
        lq, true = found
        target = teacher.restore(Decoded(pixels=lq))
        if own_scale > arguments.scale:
            target = low_resolution(target, own_scale // arguments.scale)
        for path, pixels in zip(paths, (true, target, lq), strict=True):
            write_png(path, pixels)
    raise AssertionError("the pictures never end")


def main() -> int:
    """Make pairs as the command line says; gives the exit code."""
    parser = argparse.ArgumentParser(description="Make pairs with a teacher's pictures as targets.")
    parser.add_argument("teacher", help="weights of a network that enlarges by --scale or more")
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--scale", type=int, choices=(2, 4), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--side", type=int, default=64, help="of a degraded piece, pixels")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    try:
        print(f"{arguments.out}: {run(arguments)} pictures looked at")
    except JCARSRError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
