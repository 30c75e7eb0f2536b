"""Broken and hostile files through inspect, decode, restore and save: nothing may escape.

    python tools/fuzz.py --inputs 20000 --seed 1

Every input is a small real picture of some format, damaged at random: bytes flipped, cut, doubled,
moved, numbers in headers replaced by extreme ones. Allowed is a result or an `ImageError` (or
another of our errors) of one line. Counted as findings are any other exception, an input that takes
longer than `--seconds`, and a file left behind. A stub stands in for the network.
"""

from __future__ import annotations

import argparse
import io
import random
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pillow_heif
import skimage.data
import tifffile
from PIL import Image, ImageCms

from jcarsr.errors import JCARSRError
from jcarsr.image import Animation, ReadOptions, SaveOptions, decode, limit_pillow, save
from jcarsr.image.facts import facts
from jcarsr.pixels import Pixels, Planes, Tables
from jcarsr.restoring.animate import animate
from jcarsr.restoring.compose import compose
from jcarsr.restoring.mix import Mix
from jcarsr.restoring.restorer import NetworkRestorer
from jcarsr.restoring.tiling import MIN_TILE

_MAX_PIXELS = 200_000
_EXTREMES = (
    b"\0\0",
    b"\xff\xff",
    b"\x7f\xff",
    b"\x80\0",
    b"\0\1",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
)


class Repeat:
    """Stands in for a network: enlarges by repetition."""

    scale = 2
    bytes_per_pixel = 1

    def run(
        self, lq: Planes, *, full_precision: bool = False, tables: Tables | None = None
    ) -> Planes:
        """See `Engine.run`."""
        del full_precision, tables
        return lq.repeat(2, 2).repeat(2, 3)


class TooLongError(BaseException):  # past every `except Exception`
    """An input that took more than its time."""


def main() -> int:
    """Gives the exit code: 0 without findings."""
    parser = argparse.ArgumentParser(description="Damaged files through the whole package.")
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0, help="for one input")
    options = parser.parse_args()
    findings = fuzz(options.inputs, options.seed, options.seconds)
    for finding in findings[:20]:
        print(f"FINDING {finding}")
    print(f"{options.inputs} inputs, seed {options.seed}: {len(findings)} findings")
    return 1 if findings else 0


def fuzz(inputs: int, seed: int, seconds: float) -> list[str]:
    """Try `inputs` damaged files; gives the findings and prints what became of the others."""
    corpus = make_corpus()
    warnings.simplefilter("ignore")  # Pillow's, about what it finds in broken files
    limit_pillow(4 * _MAX_PIXELS)  # as the command does; results have four times as many
    signal.signal(signal.SIGALRM, _too_long)
    counts: Counter[str] = Counter()
    findings: list[str] = []
    randomly = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index in range(inputs):
            kind = randomly.choice(sorted(corpus))
            data = mutated(corpus[kind], randomly)
            salvage = randomly.random() < 0.3
            signal.setitimer(signal.ITIMER_REAL, seconds)
            try:
                counts[f"{kind}: {attempt(data, folder, salvage)}"] += 1
            except (Exception, TooLongError):  # what escapes is what we look for
                findings.append(f"input {index} ({kind}, salvage {salvage})\n{_reason()}")
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            for stray in folder.iterdir():
                findings.append(f"input {index} ({kind}): left {stray.name} behind")
                stray.unlink()
            if (index + 1) % 1000 == 0:
                print(f"{index + 1} inputs, {len(findings)} findings", flush=True)
    for key, count in sorted(counts.items()):
        print(f"{count:7} {key}")
    return findings


def attempt(data: bytes, folder: Path, salvage: bool) -> str:
    """Inspect, decode, restore and save one input; "restored" or "refused"."""
    read = ReadOptions(max_pixels=_MAX_PIXELS, salvage=salvage)
    try:
        facts(io.BytesIO(data), read)
    except JCARSRError as error:
        _one_line(error)
    target = folder / "result.png"
    try:
        picture = decode(io.BytesIO(data), read)
        restorer = NetworkRestorer(Repeat(), MIN_TILE)
        if isinstance(picture, Animation):
            result, _ = animate(
                picture, Mix(faithful=restorer), (picture.size[0] * 2, picture.size[1] * 2)
            )
        else:
            result = compose(picture, restorer).picture
        save(result, target, SaveOptions())
        with Image.open(target) as saved:
            saved.load()
        target.unlink()
        return "restored"
    except JCARSRError as error:
        _one_line(error)
        return "refused"


def make_corpus() -> dict[str, bytes]:
    """Small real pictures of every format and kind that the package reads."""
    pillow_heif.register_heif_opener()
    unchecked: Any = skimage.data  # comes without types
    astronaut: Pixels = unchecked.astronaut()
    photo = Image.fromarray(astronaut[64:128, 160:256])
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    exif.get_ifd(0x8769)[0xA002] = 96
    colours: Any = ImageCms  # parts of it come without types
    profile = colours.ImageCmsProfile(colours.createProfile("sRGB")).tobytes()
    extra = {"exif": exif.tobytes(), "icc_profile": profile}
    frames = [photo.rotate(40 * turn) for turn in range(3)]
    film = {"save_all": True, "append_images": frames[1:], "duration": 50, "loop": 0}
    alpha = photo.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(photo.size))
    deep = np.asarray(photo).astype(np.uint16) * 257
    tiff = io.BytesIO()
    tifffile.imwrite(tiff, deep, photometric="rgb", compression="zlib")
    return {
        "jpeg": _saved(photo, "JPEG", quality=30, **extra),
        "jpeg progressive": _saved(photo, "JPEG", quality=70, progressive=True),
        "jpeg grey": _saved(photo.convert("L"), "JPEG"),
        "jpeg cmyk": _saved(photo.convert("CMYK"), "JPEG"),
        "png": _saved(photo, "PNG", **extra),
        "png palette": _saved(photo.quantize(32), "PNG", transparency=3),
        "png alpha": _saved(alpha, "PNG"),
        "png grey 16": _saved(Image.fromarray(deep[..., 0].copy()), "PNG"),
        "apng": _saved(frames[0], "PNG", **film),
        "webp": _saved(alpha, "WEBP", **extra),
        "webp film": _saved(frames[0], "WEBP", **film),
        "avif": _saved(photo, "AVIF", **extra),
        "gif": _saved(photo.quantize(16), "GIF"),
        "gif film": _saved(frames[0], "GIF", **film),
        "tiff": _saved(photo, "TIFF", compression="tiff_lzw"),
        "tiff 16": tiff.getvalue(),
        "bmp": _saved(photo, "BMP"),
        "heic": _saved(photo, "HEIF", quality=50),
    }


def mutated(data: bytes, randomly: random.Random) -> bytes:
    """The same bytes with one to eight damages, mostly near the beginning, where headers lie."""
    result = bytearray(data)
    for _ in range(randomly.randint(1, 8)):
        if not result:
            break
        reach = len(result) if randomly.random() < 0.5 else min(len(result), 700)
        at = randomly.randrange(reach)
        match randomly.randrange(7):
            case 0:
                result[at] ^= 1 << randomly.randrange(8)
            case 1:
                result[at] = randomly.randrange(256)
            case 2:
                extreme = randomly.choice(_EXTREMES)
                result[at : at + len(extreme)] = extreme
            case 3:
                del result[at : at + randomly.randint(1, 40)]
            case 4:
                result[at:at] = result[at : at + randomly.randint(1, 200)]
            case 5:
                result[at:at] = randomly.randbytes(randomly.randint(1, 20))
            case _:
                if randomly.random() < 0.2:
                    del result[at:]
    return bytes(result)


def _saved(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def _one_line(error: JCARSRError) -> None:
    if "\n" in str(error) or not str(error):
        raise AssertionError(f"not one line: {error!r}")


def _too_long(signum: int, frame: FrameType | None) -> None:
    raise TooLongError


def _reason() -> str:
    return traceback.format_exc(limit=-4)


if __name__ == "__main__":
    sys.exit(main())
