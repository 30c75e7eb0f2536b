"""The questions, one function each; every answer is a row."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from clock import Timings, ratio, rounds
from machine import MATRIX_FLOPS, matrix_products
from subjects import command, jpeg_file, photograph, samples, weights_for
from torch.utils.flop_counter import FlopCounterMode
from waifu2x import Waifu2x, pixels

from jcarsr import Restorer, Target
from jcarsr.batch.ledger import Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import plan_jobs
from jcarsr.batch.worker import LedgerWorker
from jcarsr.devices import supports_bfloat16
from jcarsr.engines.base import Engine, EngineOptions
from jcarsr.engines.graph_files import graph_path
from jcarsr.engines.select import Engines
from jcarsr.engines.torch import load_network
from jcarsr.image import decode_rgb
from jcarsr.metrics.protocol import EvalProtocol
from jcarsr.pixels import to_planes
from jcarsr.protocols import EngineName, Precision
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.settings import Settings
from jcarsr.weights import read

Row = dict[str, Any]
QFS = [10, 20, 40, 80]
NETWORKS = ("jcarsr-x2", "jcarsr-lite-x2")
SIZES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.5, 25)  # megapixels
CPU_ENGINES: tuple[EngineName, ...] = ("onnx", "openvino")
_WAYS: tuple[tuple[EngineName, Precision], ...] = (
    ("onnx", "float32"),
    ("openvino", "float32"),
    ("openvino", "bfloat16"),
    ("onnx", "int8"),
    ("openvino", "int8"),
)
COMPUTED = tuple(way for way in _WAYS if way[1] != "bfloat16" or supports_bfloat16("cpu"))


@dataclass(frozen=True, kw_only=True)
class Means:
    """What every case may use."""

    threads: int
    folder: Path
    """For files that are thrown away."""
    sets: list[Path]
    """Test sets: Set5 and Set14."""
    quick: bool
    """Fewer rounds and files, smaller sizes."""
    networks: Sequence[str]
    """Of `sizes`."""
    megapixels: Sequence[float]
    """Of the inputs of `sizes`."""


def network(means: Means) -> Iterator[Row]:
    """The bare networks on 256x256 against eager PyTorch and the machine's matrix product."""
    torch.set_num_threads(means.threads)
    products = matrix_products()
    low = "bfloat16" if "bfloat16" in products else "float32"
    lq = to_planes(photograph(256, 256))
    for name in NETWORKS:
        path = weights_for(name, means.folder)
        eager, x = load_network(read(path)), torch.from_numpy(lq)
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            eager.restore(x)
        flops = counter.get_total_flops()

        def run_eager(eager: Any = eager, x: torch.Tensor = x) -> torch.Tensor:
            with torch.inference_mode():
                return eager.restore(x)

        runs: dict[str, Callable[[], object]] = {"eager PyTorch float32": run_eager}
        for engine, precision in COMPUTED:
            if precision == "int8" and not graph_path(path, "sr", int8=True).exists():
                continue  # random weights
            own = _engine(path, engine, precision, means.threads)
            runs[f"{engine} {precision}"] = lambda own=own: own.run(lq)
        runs |= {f"matrices {name}": product for name, product in products.items()}
        timings = rounds(runs, 2 if means.quick else 3)
        for label in [name for name in timings if not name.startswith("matrices")]:
            kind = "float32" if label.endswith("float32") else low
            share = flops / MATRIX_FLOPS / ratio(timings, label, f"matrices {kind}")
            yield {
                "case": "network",
                "network": name,
                "contestant": label,
                "gflop": flops / 1e9,
                "share_of_matrix_rate": share,
                "ratio_to_eager": ratio(timings, label, "eager PyTorch float32"),
                "seconds": timings[label],
            }


def pictures(means: Means) -> Iterator[Row]:
    """JPEG file to PNG file on the test sets: time and PSNR of the small network and waifu2x."""
    found = list(samples(means.sets, QFS))
    protocol = EvalProtocol(border=2)
    target = Target(scale=2)
    ours = {
        f"jcarsr-lite-x2 {engine} {precision}": Restorer(
            "jcarsr-lite-x2",
            engine=engine,
            device="cpu",
            precision=precision,
            threads=means.threads,
        )
        for engine, precision in COMPUTED
    }
    with Waifu2x(means.threads) as rival:

        def restore(name: str, jpeg: bytes) -> bytes:
            return ours[name].restore_bytes(jpeg, target, format="png")[0]

        contestants: dict[str, Callable[[bytes], bytes]] = {
            "waifu2x cunet": lambda jpeg: rival.restore(jpeg, "CUNET"),
            "waifu2x photo": lambda jpeg: rival.restore(jpeg, "PHOTO"),
        }
        for name in ours:
            contestants[name] = lambda jpeg, name=name: restore(name, jpeg)
        timings: Timings = {name: [] for name in contestants}
        scores: dict[tuple[str, int, str], list[float]] = {}
        for run in contestants.values():
            run(found[0].jpegs[40])  # warm
        for qf in QFS:
            for name, run in contestants.items():
                started = time.perf_counter()
                files = [run(sample.jpegs[qf]) for sample in found]
                timings[name].append(time.perf_counter() - started)
                for sample, file in zip(found, files, strict=True):
                    score = protocol.score(pixels(file), sample.hr)
                    scores.setdefault((name, qf, sample.set), []).append(score.psnr)
    for name, taken in timings.items():
        psnr = {f"{s} QF {q}": fmean(v) for (n, q, s), v in scores.items() if n == name}
        yield {
            "case": "pictures",
            "contestant": name,
            "pictures": len(found),
            "seconds_per_picture": [seconds / len(found) for seconds in taken],
            "ratio_to_cunet": ratio(timings, name, "waifu2x cunet"),
            "ratio_to_photo": ratio(timings, name, "waifu2x photo"),
            "psnr": psnr,
        }


def start(means: Means) -> Iterator[Row]:
    """The whole command on one picture of 64x64: what starting costs."""
    source = jpeg_file(means.folder / "start.jpg", photograph(64, 64))
    engines: tuple[EngineName, ...] = (*CPU_ENGINES, "torch")

    def run(engine: EngineName) -> None:
        out = means.folder / f"start-{engine}.png"
        command("restore", source, "-o", out, "--overwrite", "--engine", engine, "--device", "cpu")

    timings = rounds({e: lambda e=e: run(e) for e in engines}, 3 if means.quick else 7)
    for engine in engines:
        yield {
            "case": "start",
            "contestant": engine,
            "seconds": timings[engine],
            "ratio_to_torch": ratio(timings, engine, "torch"),
        }


def folder(means: Means) -> Iterator[Row]:
    """Small JPEGs restored into a folder against the bare network on the same pixels."""
    count = 40 if means.quick else 200
    source = means.folder / "many"
    source.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        width, height = (int(side) for side in rng.integers(96, 224, 2))
        jpeg_file(source / f"{number:03}.jpg", photograph(width, height, number))
    planes = [to_planes(decode_rgb(path)) for path in sorted(source.iterdir())]
    for engine in CPU_ENGINES:
        options = EngineOptions(engine=engine, device="cpu", threads=means.threads)
        networks = Networks("jcarsr-lite-x2", options)
        bare = Engines(options).open(weights_for("jcarsr-lite-x2", means.folder), "sr")

        def network_alone(bare: Engine = bare) -> None:
            for lq in planes:
                bare.run(lq)

        def whole(networks: Networks = networks) -> None:
            with tempfile.TemporaryDirectory(dir=means.folder) as out, Ledger(Path(out)) as ledger:
                plan = plan_jobs([source], Path(out), size="x2", format="png")
                worker = LedgerWorker(networks, Settings(target=Target(scale=2)), ledger)
                outcomes = list(run_jobs(worker, plan.jobs))
            assert [outcome.state for outcome in outcomes] == ["done"] * count

        timings = rounds({"network": network_alone, "whole": whole}, 2)
        yield {
            "case": "folder",
            "contestant": engine,
            "files": count,
            "throughput_of_bare_network": 1 / ratio(timings, "whole", "network"),
            "seconds": timings,
        }


def memory(means: Means) -> Iterator[Row]:
    """Peak of the whole command for a 1-megapixel JPEG at x4."""
    source = jpeg_file(means.folder / "megapixel.jpg", photograph(1152, 868))
    for engine, precision in COMPUTED:
        out = means.folder / f"memory-{engine}.png"
        options = ("--engine", engine, "--precision", precision, "--overwrite")
        run = command("restore", source, "-o", out, "--scale", "4", *options)
        yield {
            "case": "memory",
            "contestant": f"{engine} {precision}",
            "peak_bytes": run.peak_bytes,
            "seconds": [run.seconds],
        }


def sizes(means: Means) -> Iterator[Row]:
    """Time and memory of the whole command at x2 against the input's size."""
    for name in means.networks:
        weights = weights_for(name, means.folder)
        for megapixels in means.megapixels:
            width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
            pixels_ = photograph(width, round(megapixels * 1e6 / width))
            source = jpeg_file(means.folder / "size.jpg", pixels_)
            for engine in CPU_ENGINES:
                out = means.folder / "size.jpg.png"
                options = ("--weights", weights, "--engine", engine, "--overwrite")
                run = command("restore", source, "-o", out, "--scale", "2", *options)
                out.unlink()
                yield {
                    "case": "sizes",
                    "network": name,
                    "contestant": engine,
                    "megapixels": megapixels,
                    "seconds": [run.seconds],
                    "peak_bytes": run.peak_bytes,
                }


CASES = {case.__name__: case for case in (network, pictures, start, folder, memory, sizes)}
"""Name -> case, in the order in which they are run."""


def _engine(path: Path, engine: EngineName, precision: Precision, threads: int) -> Engine:
    options = EngineOptions(engine=engine, device="cpu", precision=precision, threads=threads)
    return Engines(options).open(path, "sr")
