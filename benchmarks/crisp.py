r"""Compare faithful and crisp pictures with Real-ESRGAN x4plus: truth, looks, invention and time.

    jcarsr convert realesrgan-x4plus --preset rrdbnet-x4 -o x4plus.safetensors
    python benchmarks/crisp.py --data data/Set14 --scale 4 --history "jpeg40+4,4>jpeg75" \
      --real-esrgan x4plus.safetensors --json crisp.jsonl

Every method sees the same pixels. A row holds the means over the set: PSNR and SSIM against the
original, NIQE, the share of the last save's quantisation intervals that the result leaves, and how
many times Real-ESRGAN's CPU time it takes. At scale 2 Real-ESRGAN's picture is halved, and waifu2x
runs twice at scale 4.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from PIL import Image
from subjects import png
from waifu2x import Waifu2x, pixels

from jcarsr.data.catalog import pictures_of
from jcarsr.degradation.history import History, parse_history
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.degradation.steps import Jpeg
from jcarsr.engines.base import EngineOptions
from jcarsr.jpeg.codec import decode
from jcarsr.jpeg.components import read_components
from jcarsr.jpeg.decoded import Decoded
from jcarsr.jpeg.support import measure_support
from jcarsr.methods.catalog import Context, find_method
from jcarsr.metrics.niqe import has_two_blocks, niqe
from jcarsr.metrics.protocol import EvalProtocol
from jcarsr.pixels import Pixels, crop_to_multiple, to_8_bits
from jcarsr.restoring.strength import blend
from jcarsr.weights import find, read_record

Restore = Callable[[Decoded], Pixels]
RIVAL = "Real-ESRGAN x4plus"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """An original, and the JPEG that is left of it."""

    hr: Pixels
    jpeg: bytes
    decoded: Decoded


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One result."""

    psnr: float
    ssim: float
    niqe: float | None
    """None = too small for it."""
    outside: float
    """Share of the coefficients, 0 to 1."""
    seconds: float
    """Of the CPU."""


def degrade(folder: Path, scale: int, history: History) -> Iterator[Sample]:
    """Every picture of the folder after the history, with the file of its last save."""
    *before, last = history.steps
    if not isinstance(last, Jpeg) or last.shift != (0, 0):
        raise SystemExit(f"{history}: must end with a JPEG save that is not moved")
    for entry in pictures_of(folder):
        hr = crop_to_multiple(entry.pixels(), scale)
        lq = low_resolution(hr, scale)
        if before:
            lq = History(tuple(before))(hr, lq)
        jpeg = last.encode(lq)
        yield Sample(
            hr=hr, jpeg=jpeg, decoded=Decoded(pixels=decode(jpeg), last_save=last.last_save)
        )


def score(restore: Restore, sample: Sample, scale: int) -> Scored:
    """Restore one picture and measure the result."""
    started = time.process_time()
    sr = restore(sample.decoded)
    seconds = time.process_time() - started
    against = EvalProtocol(border=scale).score(sr, sample.hr)
    found = measure_support(read_components(sample.jpeg), sample.decoded.pixels, sr)
    return Scored(
        psnr=against.psnr,
        ssim=against.ssim,
        niqe=niqe(sr) if has_two_blocks(*sr.shape[:2]) else None,
        outside=found[0].outside if found else 0.0,
        seconds=seconds,
    )


def methods(arguments: argparse.Namespace, waifu2x: Waifu2x) -> dict[str, Restore]:
    """Name -> what is compared."""
    scale, options = arguments.scale, EngineOptions(precision="float32", threads=1)
    context = Context(scale=scale, options=options)
    faithful = find_method(arguments.faithful or f"jcarsr-web-lite-x{scale}", context).restore
    crisp = find_method(arguments.crisp or f"jcarsr-crisp-lite-x{scale}", context).restore
    own_scale = read_record(find(arguments.real_esrgan)).facts.scale
    rival = find_method(arguments.real_esrgan, Context(scale=own_scale, options=options)).restore

    def enlarge(decoded: Decoded) -> Pixels:
        result = decoded.pixels
        for _ in range(scale // 2):
            result = pixels(waifu2x.restore(png(Image.fromarray(result)), "CUNET"))
        return result

    def halve(decoded: Decoded) -> Pixels:
        result = rival(decoded)
        return low_resolution(result, own_scale // scale) if own_scale > scale else result

    return {
        "bicubic": find_method("bicubic", context).restore,
        "faithful": faithful,
        "crisp 0.5": lambda decoded: to_8_bits(blend(faithful(decoded), crisp(decoded), 0.5)),
        "crisp": crisp,
        "waifu2x cunet": enlarge,
        RIVAL: halve,
    }


def main() -> None:
    """Append a row for each method and print it."""
    parser = argparse.ArgumentParser(description="Compare faithful and crisp pictures.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scale", type=int, choices=(2, 4), required=True)
    parser.add_argument("--history", required=True)
    parser.add_argument("--real-esrgan", required=True, help="weight file, converted")
    parser.add_argument("--faithful", help="weights (default: the bundled web ones)")
    parser.add_argument("--crisp", help="weights (default: the bundled crisp ones)")
    parser.add_argument("--json", type=Path, required=True, help="file to append to")
    arguments = parser.parse_args()
    found = list(degrade(arguments.data, arguments.scale, parse_history(arguments.history)))
    with Waifu2x(1) as waifu2x:
        scored = {
            name: [score(restore, sample, arguments.scale) for sample in found]
            for name, restore in methods(arguments, waifu2x).items()
        }
    for name, results in scored.items():
        natural = [result.niqe for result in results if result.niqe is not None]
        ratios = [
            ours.seconds / rival.seconds for ours, rival in zip(results, scored[RIVAL], strict=True)
        ]
        row = {
            "set": arguments.data.name,
            "scale": arguments.scale,
            "history": arguments.history,
            "method": name,
            "psnr": round(fmean(result.psnr for result in results), 3),
            "ssim": round(fmean(result.ssim for result in results), 4),
            "niqe": round(fmean(natural), 2) if natural else None,
            "outside": round(fmean(result.outside for result in results), 4),
            # waifu2x works in a process of its own
            "time": None if name == "waifu2x cunet" else round(median(ratios), 4),
        }
        with arguments.json.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(row, flush=True)


if __name__ == "__main__":
    main()
