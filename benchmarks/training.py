"""Measure a training step on this machine: how quick, how near to its limits, and on what it goes.

    python benchmarks/training.py --rows benchmarks/training.jsonl --profile profile.txt

Every layout, eager, compiled and, on CUDA, as a graph, at every patch size, with merged tails
unless `--tails` says otherwise: network, losses, gradients, optimiser and average as in
`jcarsr.training.run`, on a batch that lies on the device.
How fast the loop itself is, data included, is in the log of any run.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache, partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, get_total_norm
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from jcarsr.data.bank import Batch
from jcarsr.devices import find_device, supports_bfloat16
from jcarsr.networks.catalog import PRESETS, build_preset
from jcarsr.training.graphed import Gradients, GraphedGradients
from jcarsr.training.loop import compute_gradients
from jcarsr.training.prepare import compile_blocks, make_average, make_optimizers
from jcarsr.training.recipes import RECIPES

Row = dict[str, Any]
MODES = ("eager", "compiled", "graphed")
TAILS = ("plain", "merged")
LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to compute a step."""

    preset: str
    batch_size: int
    patch_size: int
    layout: str
    compiled: bool
    graphed: bool
    """Compiled, and forward and backward one CUDA graph."""
    merged: bool
    """Upsamplers and tails, as the loop trains them."""


def main() -> None:
    """Measure what is asked for; one row a variant."""
    parser = argparse.ArgumentParser(description="Measure a training step.")
    parser.add_argument("--rows", type=Path, required=True, help="file to append to")
    parser.add_argument("--profile", type=Path, help="file for the quickest variant's kernels")
    parser.add_argument("--presets", nargs="+", default=["jcarsr-x2"])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32])
    parser.add_argument("--patch-sizes", type=int, nargs="+", default=[48, 64])
    parser.add_argument("--layouts", nargs="+", default=list(LAYOUTS), choices=LAYOUTS)
    parser.add_argument("--tails", nargs="+", default=["merged"], choices=TAILS)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument(
        "--side", type=int, default=8192, help="of the matrices that tell the ceiling"
    )
    device = find_device("auto")
    modes = MODES if device == "cuda" else MODES[:2]
    parser.add_argument("--modes", nargs="+", default=modes, choices=modes)
    quick = "bfloat16" if supports_bfloat16(device) else "float32"
    parser.add_argument("--precision", default=quick, choices=["float32", "bfloat16"])
    arguments = parser.parse_args()
    low = arguments.precision == "bfloat16"
    fabric = Fabric(accelerator=device, devices=1, precision="bf16-mixed" if low else "32-true")
    about = {"precision": arguments.precision}
    about |= ceilings(fabric.device, arguments.side, torch.bfloat16 if low else torch.float32)
    measured: list[tuple[float, Variant]] = []
    for preset, batch_size, patch_size, layout, mode, tails in product(
        arguments.presets,
        arguments.batch_sizes,
        arguments.patch_sizes,
        arguments.layouts,
        arguments.modes,
        arguments.tails,
    ):
        variant = Variant(
            preset=preset,
            batch_size=batch_size,
            patch_size=patch_size,
            layout=layout,
            compiled=mode != "eager",
            graphed=mode == "graphed",
            merged=tails == "merged",
        )
        row = asdict(variant) | measure(variant, fabric, arguments.steps) | about
        row["share_of_matrix_rate"] = row["gflop"] / row["ms_step"] / row["matrix_tflops"]
        line = json.dumps(row)
        print(line, flush=True)
        with arguments.rows.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        measured.append((row["ms_step"] / (batch_size * patch_size**2), variant))
    if arguments.profile:
        quickest = min(measured, key=lambda pair: pair[0])[1]
        arguments.profile.write_text(kernels(quickest, fabric, min(3, arguments.steps)), "utf-8")


def ceilings(device: torch.device, side: int, kind: torch.dtype) -> Row:
    """What the device can do: a matrix product in that precision and a copy, on random data."""
    a, b = (torch.randn(side, side, device=device).to(kind) for _ in range(2))
    product_seconds = min(timed(lambda: a @ b, device, 5))
    source, target = (torch.rand(2, side, side, device=device) for _ in range(2))
    copy_seconds = min(timed(lambda: target.copy_(source), device, 5))
    return {
        "date": date.today().isoformat(),
        "torch": str(torch.__version__),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        "matrix_tflops": 2 * side**3 / product_seconds / 1e12,
        "copy_gb_per_second": 2 * source.nbytes / copy_seconds / 1e9,
    }


def measure(variant: Variant, fabric: Fabric, steps: int) -> Row:
    """Milliseconds of a step and of the network's part, memory, and the operations it must do."""
    device = fabric.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    step = _Step(variant, fabric)
    (first,) = timed(step.gradients, device, 1, warm_up=0)
    norm = get_total_norm([p.grad for p in step.model.parameters() if p.grad is not None]).item()
    if not math.isfinite(norm):
        raise SystemExit(f"error: {variant}: the gradients of the first step are not finite")
    whole, network = (timed(run, device, steps) for run in (step.whole, step.gradients))
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    pixels = variant.batch_size * variant.patch_size**2
    return {
        "ms_step": 1e3 * median(whole),
        "ms_network": 1e3 * median(network),
        "ms_steps": [1e3 * seconds for seconds in whole],
        "seconds_first_gradients": first,  # compilation included
        "gradient_norm": norm,  # of the first step: the same for every way to compute it
        "lr_megapixels_per_second": pixels / median(whole) / 1e6,
        "gflop": gflop(
            replace(variant, compiled=False, graphed=False, layout="contiguous"), fabric
        ),
        "peak_bytes": peak,
    }


@cache
def gflop(variant: Variant, fabric: Fabric) -> float:
    """The operations of a step; neither the layout nor compilation changes them."""
    with FlopCounterMode(display=False) as counter:
        _Step(variant, fabric).gradients()
    return counter.get_total_flops() / 1e9


def kernels(variant: Variant, fabric: Fabric, steps: int) -> str:
    """A table of the operations on which a step's time goes, the costliest first."""
    step, device = _Step(variant, fabric), fabric.device
    timed(step.whole, device, 1)
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with profile(activities=activities) as profiler:
        timed(step.whole, device, steps, warm_up=0)
    by = f"self_{device.type}_time_total"
    averages: Any = profiler.key_averages()
    return f"{variant}\n{averages.table(sort_by=by, row_limit=30, max_name_column_width=90)}"


def timed(
    run: Callable[[], object], device: torch.device, count: int, *, warm_up: int = 2
) -> list[float]:
    """Seconds of every run, each waited for; those of `warm_up` before do not count."""
    seconds: list[float] = []
    for number in range(-warm_up, count):
        started = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if number >= 0:
            seconds.append(time.perf_counter() - started)
    return seconds


class _Step:
    """A step of the recipe `short` on one random batch."""

    def __init__(self, variant: Variant, fabric: Fabric) -> None:
        torch.manual_seed(0)
        self.recipe = replace(RECIPES["short"], preset=variant.preset)
        layout = LAYOUTS[variant.layout]
        self.model = build_preset(variant.preset).to(fabric.device)
        self.model.to(memory_format=layout)  # pyright: ignore[reportCallIssue]
        if variant.merged:
            self.model.fuse(final=False)
        self.ema = make_average(self.model, self.recipe)
        optimizers = make_optimizers(self.model, self.recipe)
        if variant.compiled:
            compile_blocks(self.model)
        self.wrapped, *self.optimizers = fabric.setup(self.model, *optimizers)

        def pictures(side: int) -> Tensor:
            x = torch.rand(variant.batch_size, 3, side, side, device=fabric.device)
            return x.to(memory_format=layout)

        small = variant.patch_size
        large = small * PRESETS[variant.preset].scale
        self.batch = Batch(pictures(small), pictures(small), pictures(large))
        self.compute: Gradients = partial(compute_gradients, fabric, self.wrapped, self.recipe)
        if variant.graphed:
            self.compute = GraphedGradients(self.model, self.compute)

    def gradients(self) -> None:
        """Forward and backward alone."""
        self.compute(self.batch)

    def whole(self) -> None:
        """Everything that the loop does in a step, but to draw the batch."""
        self.gradients()
        assert self.recipe.clip_norm
        clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        for optimizer in self.optimizers:
            optimizer.step()
        self.ema.update_parameters(self.model)


if __name__ == "__main__":
    main()
