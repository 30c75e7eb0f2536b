"""Figure 6: PSNR on Set5 against the time of a picture; bubbles as large as the networks.

Seconds of a CPU depend on what else the computer does: there the time is that of JCARSR, measured
in turns with it.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from jcarsr.devices import find_device, name_device
from jcarsr.errors import DataError
from jcarsr.experiments import table1
from jcarsr.experiments.figures.sample import Sample, load_samples
from jcarsr.experiments.figures.scene import Entrant, Scene
from jcarsr.experiments.store import write_text
from jcarsr.methods.method import Method

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SCALE, _SET = 2, "Set5"
_REFERENCE = "JCARSR"
ROUNDS = 3


@dataclass(frozen=True, kw_only=True)
class Point:
    """A method in the figure."""

    method: str
    psnr: float
    """dB on Set5."""
    seconds: float
    """A picture."""
    ratio: float | None
    """Of its time to that of JCARSR in the same round, the median; None = JCARSR is not there."""
    parameters: int
    machine: str


def draw(scene: Scene, path: Path) -> None:
    """Draw Figure 6 as SVG; the points go to a JSON file of the same name, as a list.

    Raises:
        DataError: no network of Table 1 is trained and scored, or Set5 is not there.
        ModuleNotFoundError: matplotlib is not installed.
    """
    if _SET not in scene.sets:
        raise DataError(f"{_SET} is needed: it is not among --sets")
    entrants = scene.entrants({"": table1.PLAN}, _SCALE)
    points = measure(scene, entrants)
    write_text(path.with_suffix(".json"), json.dumps([asdict(p) for p in points], indent=1) + "\n")
    relative = find_device(scene.device) == "cpu"
    write_text(path, as_svg(plot(points, scene.title(entrants), relative=relative)))


def measure(scene: Scene, entrants: Mapping[str, Entrant]) -> list[Point]:
    """Time the networks that are scored on Set5; the others are reported.

    Raises:
        DataError: there are none.
    """
    rows = scene.rows(entrants, _SET)
    advice = scene.advise([table1.PLAN.name])
    if not rows:
        raise DataError(f"{scene.store.folder}: nothing is scored on {_SET}: {advice}")
    if unscored := [label for label in entrants if label not in rows]:
        scene.missing(f"{', '.join(unscored)}: not scored on {_SET}: {advice}")
    jobs = {label: entrants[label].jobs[_SET] for label in rows}
    methods = {label: entrants[label].method for label in rows}
    times = time_in_turns(methods, load_samples(next(iter(jobs.values()))))
    libraries = dict.fromkeys(method.library for method in methods.values())
    machine = f"{name_device(scene.device)}, {', '.join(libraries)}"
    reference = times.get(_REFERENCE)
    return [
        Point(
            method=label,
            psnr=row.psnr,
            seconds=round(median(times[label]), 5),
            ratio=round(median_ratio(times[label], reference), 3) if reference else None,
            parameters=sum(source.parameters for source in jobs[label].sources),
            machine=machine,
        )
        for label, row in rows.items()
    ]


def plot(points: Sequence[Point], title: str, *, relative: bool) -> Figure:
    """The figure; the same points make the same.

    Args:
        points: at least one.
        title: of the figure.
        relative: show ratios of times where all points have one, not seconds.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import StrMethodFormatter

    from jcarsr.experiments.figures.labels import Bubble, write_labels

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    largest = max(1, *(point.parameters for point in points))
    bubbles: list[Bubble] = []
    ratios = [point.ratio for point in points if point.ratio is not None]
    relative = relative and len(ratios) == len(points)
    times = ratios if relative else [point.seconds for point in points]
    for point, time_taken in zip(points, times, strict=True):
        area = 300 * point.parameters / largest  # square points
        axes.scatter(time_taken, point.psnr, s=area, alpha=0.6)
        text = f"{point.method}, {point.parameters / 1e6:.2f} M"
        radius = area**0.5 / 2
        bubbles.append(Bubble(text=text, x=time_taken, y=point.psnr, radius=radius))
    axes.margins(0.2)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(StrMethodFormatter("{x:g}"))
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    axes.tick_params(which="both", labelsize=8, length=4, pad=3)
    unit = f"time of {_SET}, {_REFERENCE} = 1" if relative else f"seconds a picture of {_SET}"
    axes.set_xlabel(f"{unit} ({points[0].machine})", fontsize=9)
    axes.set_ylabel(f"PSNR on {_SET} in dB, x{_SCALE}, QF 10", fontsize=9)
    axes.set_title(title, fontsize=9, wrap=True)
    axes.grid(alpha=0.3, which="both")
    write_labels(figure, axes, bubbles, size=8)
    return figure


def as_svg(figure: Figure) -> str:
    """The same figure makes the same text."""
    from matplotlib import style

    text = io.StringIO()
    with style.context({"svg.hashsalt": "jcarsr"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def median_ratio(seconds: Sequence[float], reference: Sequence[float]) -> float:
    """The median of the rounds' ratios, which a computer that is busy at times moves little."""
    return median(own / other for own, other in zip(seconds, reference, strict=True))


def time_in_turns(
    methods: Mapping[str, Method], samples: Sequence[Sample]
) -> dict[str, list[float]]:
    """Method -> seconds of a picture in each of ROUNDS rounds, in which all methods take turns."""
    taken: dict[str, list[float]] = {label: [] for label in methods}
    for method in methods.values():  # what is loaded at the first picture is not counted
        method.restore(samples[0].lq)
    for _ in range(ROUNDS):
        for label, method in methods.items():
            start = time.perf_counter()
            for sample in samples:
                method.restore(sample.lq)
            taken[label].append((time.perf_counter() - start) / len(samples))
    return taken
