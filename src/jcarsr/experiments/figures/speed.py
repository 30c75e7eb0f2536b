"""Figure 6: PSNR on Set5 against the time of a picture; bubbles as large as the networks."""

from __future__ import annotations

import io
import json
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from jcarsr.errors import DataError
from jcarsr.experiments import table1
from jcarsr.experiments.figures.scene import Sample, Scene, load_samples
from jcarsr.experiments.store import write_text
from jcarsr.methods.method import Method

_SCALE, _SETS = 2, ("Set5",)
ROUNDS = 3


def draw(scene: Scene, path: Path) -> None:
    """Draw Figure 6 as SVG; the points go to a JSON lines file of the same name.

    Raises:
        DataError: no network of Table 1 is trained and scored.
        ModuleNotFoundError: matplotlib is not installed.
    """
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    jobs = scene.jobs(table1.PLAN, _SCALE, _SETS)
    rows = scene.rows(jobs)
    methods = {label: m for label, m in scene.methods(jobs).items() if label in rows}
    if not methods:
        raise DataError("no network of Table 1 is scored on Set5")
    seconds = time_in_turns(methods, load_samples(jobs[next(iter(methods))]))
    points = [
        {
            "method": label,
            "psnr": rows[label].psnr,
            "seconds": round(seconds[label], 5),
            "parameters": sum(source.parameters or 0 for source in jobs[label].sources),
        }
        for label in methods
    ]
    machine = f"{platform.machine()}, {scene.device}"
    lines = [json.dumps({**point, "machine": machine}) for point in points]
    write_text(path.with_suffix(".jsonl"), "\n".join(lines) + "\n")
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    for point in points:
        x, y, count = point["seconds"], point["psnr"], point["parameters"]
        size = 300 * count / max(p["parameters"] for p in points)
        axes.scatter(x, y, s=size, alpha=0.6)
        axes.annotate(f"{point['method']}, {count / 1e6:.2f} M", (x, y), fontsize=8)
    axes.set(
        xscale="log",
        xlabel=f"seconds a picture of Set5, {machine}",
        ylabel="PSNR on Set5 in dB, x2, QF 10",
        title=f"Networks of size {scene.conditions.size}, {scene.conditions.budget} each",
    )
    axes.grid(alpha=0.3)
    rcParams["svg.hashsalt"] = "jcarsr"  # the same points make the same file
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    write_text(path, text.getvalue())


def time_in_turns(methods: Mapping[str, Method], samples: Sequence[Sample]) -> dict[str, float]:
    """Method -> seconds of a picture: the median of rounds in which all methods take turns."""
    taken: dict[str, list[float]] = {label: [] for label in methods}
    for method in methods.values():  # what is loaded at the first picture is not counted
        method.restore(samples[0].lq)
    for _ in range(ROUNDS):
        for label, method in methods.items():
            start = time.perf_counter()
            for sample in samples:
                method.restore(sample.lq)
            taken[label].append((time.perf_counter() - start) / len(samples))
    return {label: median(values) for label, values in taken.items()}
