"""Figure 6: PSNR on Set5 against the time of a picture; bubbles as large as the networks."""

from __future__ import annotations

import io
import json
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from jcarsr.errors import DataError
from jcarsr.experiments import table1
from jcarsr.experiments.figures.scene import Sample, Scene, load_samples
from jcarsr.experiments.store import write_text
from jcarsr.methods.method import Method

_SCALE, _SETS = 2, ("Set5",)
ROUNDS = 3


@dataclass(frozen=True, kw_only=True)
class Point:
    """A method in the figure."""

    method: str
    psnr: float
    """dB on Set5."""
    seconds: float
    """A picture."""
    parameters: int
    machine: str


def draw(scene: Scene, path: Path) -> None:
    """Draw Figure 6 as SVG; the points go to a JSON lines file of the same name.

    Raises:
        DataError: no network of Table 1 is trained and scored.
        ModuleNotFoundError: matplotlib is not installed.
    """
    points = measure(scene)
    lines = [json.dumps(asdict(point)) for point in points]
    write_text(path.with_suffix(".jsonl"), "\n".join(lines) + "\n")
    title = f"Networks of size {scene.conditions.size}, {scene.conditions.budget} each"
    write_text(path, plot(points, title))


def measure(scene: Scene) -> list[Point]:
    """Time the networks of Table 1 that are trained and scored.

    Raises:
        DataError: there are none.
    """
    jobs = scene.jobs(table1.PLAN, _SCALE, _SETS)
    rows = scene.rows(jobs)
    methods = {label: m for label, m in scene.methods(jobs).items() if label in rows}
    if not methods:
        raise DataError("no network of Table 1 is scored on Set5")
    seconds = time_in_turns(methods, load_samples(jobs[next(iter(methods))]))
    return [
        Point(
            method=label,
            psnr=rows[label].psnr,
            seconds=round(seconds[label], 5),
            parameters=sum(source.parameters or 0 for source in jobs[label].sources),
            machine=f"{platform.machine()}, {scene.device}",
        )
        for label in methods
    ]


def plot(points: Sequence[Point], title: str) -> str:
    """The figure as SVG; the same points make the same text."""
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    largest = max(point.parameters for point in points)
    for point in points:
        at = point.seconds, point.psnr
        axes.scatter(*at, s=300 * point.parameters / max(largest, 1), alpha=0.6)
        axes.annotate(f"{point.method}, {point.parameters / 1e6:.2f} M", at, fontsize=8)
    axes.set(
        xscale="log",
        xlabel=f"seconds a picture of Set5, {points[0].machine}",
        ylabel="PSNR on Set5 in dB, x2, QF 10",
        title=title,
    )
    axes.grid(alpha=0.3)
    rcParams["svg.hashsalt"] = "jcarsr"
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


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
