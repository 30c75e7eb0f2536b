"""Make training pairs whose originals are other networks' pictures, or have a share of them.

    python tools/teacher_pairs.py TEACHER --data shards/a.tar --scale 2 --out pairs

A piece of each picture is degraded by a history from `--history web`; what the teacher makes of it
is the target. A network that learns a fixed teacher by its absolute error stays as sharp as the
teacher, where the true pictures, of which many fit one degraded input, would teach it their soft
mean. For a faithful network that a slower one teaches (x4 by x2 run twice), `--share 0.5` makes the
target the mean of the teacher's picture and the true one: by squared error that is to learn from
both, and the teacher's half is the same for all true pictures that fit one degraded input.

    WEB=jcarsr-web-lite-x2 ONCE=jcarsr-lite-x2
    python tools/teacher_pairs.py chain:$WEB+$WEB --once chain:$ONCE+$ONCE --share 0.5 --scale 4 ...

Written are `lq/`, `teacher/` (the targets) and `true/`, PNGs of the same names, for
`jcarsr train --pairs pairs/lq pairs/teacher`. What is there already is kept, so that a stopped run
goes on. A teacher that enlarges by more than `--scale` has its pictures shrunk.

Pieces of `--unshrunk` pictures are degraded at their own size, as people's are: what a network that
also restores at `--scale 1` has to see. There is no larger truth, so that the teacher enlarges the
piece as it was before, and what that differs from the piece when it is shrunk again is taken away.
The network's small picture then learns from the piece, its large one from the teacher.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tool_report import report

from jcarsr.data.sources import SourcePicture, list_pictures
from jcarsr.degradation.history import History
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.engines.base import EngineOptions
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.catalog import METHODS, Context, find_method
from jcarsr.methods.chain import PREFIX
from jcarsr.pixels import Pixels, crop_to_multiple
from jcarsr.resample import resize
from jcarsr.training.recipes import WEB
from jcarsr.weights import find, read_record

Teacher = Callable[[Pixels], Pixels]

CANDIDATES = 4  # pieces drawn for each one used: the one with the most detail stays
PROJECTIONS = 8  # steps in which an enlarged piece comes to agree with the piece
AGREEMENT = 1.0  # mean squared difference allowed of the two, in levels of 255


@dataclass(frozen=True)
class Piece:
    """A part of a picture, degraded and as it was."""

    lq: Pixels
    """(side, side, 3), uint8 RGB."""
    true: Pixels
    """(scale * side, scale * side, 3); of pieces that were not shrunk, scale is 1."""
    history: History


def cut_piece(entry: SourcePicture, side: int, scale: int, seed: str) -> Piece | None:
    """A piece of a picture with a history drawn for it, or None of one that is too small."""
    rng = random.Random(seed)
    hr = crop_to_multiple(entry.pixels(), scale)
    lr = low_resolution(hr, scale, exact=False)
    if min(lr.shape[:2]) < side:
        return None
    history = rng.choice(WEB.draw(scale, seed))
    lq = history(hr, lr)
    places = [
        (rng.randint(0, lr.shape[0] - side), rng.randint(0, lr.shape[1] - side))
        for _ in range(CANDIDATES)
    ]
    top, left = max(places, key=lambda p: np.std(lr[p[0] : p[0] + side, p[1] : p[1] + side]))
    small = np.ascontiguousarray(lq[top : top + side, left : left + side])
    large = hr[scale * top : scale * (top + side), scale * left : scale * (left + side)]
    return Piece(small, large, history)


def numbered(entries: list[SourcePicture]) -> Iterator[tuple[int, SourcePicture]]:
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


def open_teacher(name: str, scale: int, threads: int) -> Teacher:
    """What makes a teacher's picture of that scale of a degraded one."""
    has_any_scale = name in METHODS or name.startswith(PREFIX)
    own_scale = scale if has_any_scale else read_record(find(name)).facts.scale
    options = EngineOptions(engine="torch", threads=threads)
    method = find_method(name, Context(scale=own_scale, options=options))

    def restore(lq: Pixels) -> Pixels:
        found = method.restore(Decoded(pixels=lq))
        return low_resolution(found, own_scale // scale) if own_scale > scale else found

    return restore


def enlarge(piece: Pixels, teacher: Teacher) -> Pixels | None:
    """The teacher's picture of a clean piece, such that it is the piece where it is shrunk again.

    Iterative back-projection (Irani and Peleg, 1991): what is missing is enlarged and added. None
    if the two stay different: no picture shrinks to lines of black and white pixels.
    """
    large: npt.NDArray[np.float64] = teacher(piece).astype(np.float64)
    small, tall = piece.shape[:2], large.shape[:2]
    for _ in range(PROJECTIONS):
        missing = piece - resize(large, small[0], small[1], np.float64)
        large = np.clip(large + resize(missing, tall[0], tall[1], np.float64), 0, 255)
    pixels = np.round(large).astype(np.uint8)
    error = resize(pixels, small[0], small[1], np.float64) - piece
    return pixels if np.square(error).mean() < AGREEMENT else None


def mix(true: Pixels, taught: Pixels, share: float) -> Pixels:
    """The target: that share of the true picture, the rest of the teacher's."""
    if not share:
        return taught
    return np.round(share * true + (1 - share) * taught.astype(np.float64)).astype(np.uint8)


def run(arguments: argparse.Namespace) -> int:
    """Make pairs until the time is over; gives how many there are."""
    teacher = open_teacher(arguments.teacher, arguments.scale, arguments.threads)
    once = teacher
    if arguments.once:
        once = open_teacher(arguments.once, arguments.scale, arguments.threads)
    entries = list_pictures(arguments.data)
    end = time.monotonic() + 60 * arguments.minutes
    for index, entry in numbered(entries):
        if time.monotonic() > end:
            return index
        paths = [arguments.out / kind / f"{index:06d}.png" for kind in ("true", "teacher", "lq")]
        if paths[-1].exists():  # written last
            continue
        shrink = 1 if arguments.unshrunk else arguments.scale
        piece = cut_piece(entry, arguments.side, shrink, f"{arguments.seed}:{index}")
        if piece is None:
            continue
        if arguments.unshrunk:
            target = enlarge(piece.true, teacher)
            if target is None:
                continue
        else:
            single = len(piece.history.steps) == 1 and piece.history.last_save.format == "JPEG"
            taught = (once if single else teacher)(piece.lq)
            target = mix(piece.true, taught, arguments.share)
        for path, pixels in zip(paths, (piece.true, target, piece.lq), strict=True):
            write_png(path, pixels)
    raise AssertionError("the pictures never end")


def share(text: str) -> float:
    """A share of the command line.

    Raises:
        argparse.ArgumentTypeError: it is not from 0 to 1.
    """
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return value


def main() -> int:
    """Make pairs as the command line says; gives the exit code."""
    parser = argparse.ArgumentParser(description="Make pairs with a teacher's pictures as targets.")
    parser.add_argument("teacher", help="weights that enlarge by --scale or more, or a method")
    parser.add_argument("--once", help="another teacher for pieces that were saved once, as JPEG")
    parser.add_argument("--share", type=share, default=0.0, help="of the true picture, 0 to 1")
    parser.add_argument("--unshrunk", action="store_true", help="degrade pictures at their size")
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--scale", type=int, choices=(2, 4), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--side", type=int, default=64, help="of a degraded piece, pixels")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.unshrunk and (arguments.once or arguments.share):
        parser.error("--unshrunk goes without --once and --share: its targets have no truth")
    return report(lambda: f"{arguments.out}: {run(arguments)} pictures looked at")


if __name__ == "__main__":
    sys.exit(main())
