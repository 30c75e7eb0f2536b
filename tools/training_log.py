"""Write the table of all training runs into docs/training-log.md, from results/runs/*.json.

    python tools/training_log.py [--check]

A file is one run: a network trained in one stage or several from one start. `--check` writes
nothing and ends with 1 where the table is not that of the files. Scores are PSNR on Y in dB, as
`jcarsr evaluate` measures them: set -> history, written as in the rows of results/ -> dB. `gains`
are differences to the weights bundled before.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jcarsr.errors import DataError
from jcarsr.evaluation.markers import check_between_markers, replace_between_markers
from jcarsr.training.recipes import RECIPES

ROOT = Path(__file__).parents[1]
RUNS, PAGE = ROOT / "results" / "runs", ROOT / "docs" / "training-log.md"
SHOWN = {  # histories in the table's cell -> how its head names them
    ("jpeg10", "jpeg40", "jpeg80"): "QF 10 / 40 / 80",
    ("jpeg20+4,4>jpeg90", "jpeg40+4,4>jpeg90", "jpeg20+4,4>jpeg75"): "moved 20>90 / 40>90 / 20>75",
    ("jpeg10",): "QF 10",
}

Scores = Mapping[str, Mapping[str, float | str]]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A recipe and what of it was changed."""

    recipe: str
    learning_rate: float | None
    """Peak; None: not recorded."""
    steps: int
    minutes: float
    seed: int | None = None
    """None: not recorded."""
    options: str = ""
    scores: Scores = field(default_factory=dict[str, Mapping[str, float | str]])
    gains: Scores = field(default_factory=dict[str, Mapping[str, float | str]])
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One file of results/runs."""

    name: str
    """The file's."""
    date: str
    """YYYY-MM-DD."""
    weights: str
    bundled: bool
    """Whether the package took it, at its time."""
    start: tuple[str, ...]
    """Names of runs; empty: untrained."""
    data: str
    histories: str
    """Of the training pictures."""
    batch_size: int
    patch_size: int
    device: str
    precision: str
    compiled: bool
    stages: tuple[Stage, ...]
    note: str
    start_note: str = ""
    """How the weights of several runs, or not all of them, were taken."""
    mean_of: tuple[str, ...] = ()
    """The stages whose weights were averaged at the end."""
    sha256: str = ""
    """Of the result's tensors, as its record says; empty: not kept."""
    before: Scores = field(default_factory=dict[str, Mapping[str, float | str]])
    after: Scores = field(default_factory=dict[str, Mapping[str, float | str]])
    gains: Scores = field(default_factory=dict[str, Mapping[str, float | str]])


def main() -> int:
    """Write or check the table; gives the exit code."""
    parser = argparse.ArgumentParser(description="Write the table of all training runs.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    arguments = parser.parse_args()
    try:
        text = table([read_run(path) for path in sorted(RUNS.glob("*.json"))])
        if arguments.check:
            check_between_markers(PAGE, text)
        else:
            replace_between_markers(PAGE, text)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def read_run(path: Path) -> Run:
    """Read one file.

    Raises:
        DataError: not JSON, a field is missing or unknown, or a value is not possible.
    """
    try:
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        stages = tuple(Stage(**stage) for stage in fields.pop("stages"))
        run = Run(stages=stages, start=tuple(fields.pop("start")), **fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path}: {error}") from error
    if run.name != path.stem:
        raise DataError(f"{path}: its name is {run.name}")
    if not run.name.startswith(run.date):
        raise DataError(f"{path}: its name does not begin with its date, {run.date}")
    missing = [name for name in run.start if not path.with_name(f"{name}.json").exists()]
    if missing:
        raise DataError(f"{path}: starts from {missing[0]}, which is no run")
    unknown = {stage.recipe for stage in stages} - RECIPES.keys()
    if not stages or unknown or not set(run.mean_of) <= {stage.recipe for stage in stages}:
        raise DataError(f"{path}: stages and mean_of must name recipes, {', '.join(RECIPES)}")
    return run


def table(runs: Sequence[Run]) -> str:
    """A Markdown table with a row for each run, in the order of the files' names."""
    head = ("run", "start", "stages", "minutes", "batch", "device", "scores, dB", "bundled")
    rows = [_row(run) for run in sorted(runs, key=lambda run: run.name)]
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines).replace("| --- ", "|---")


def _row(run: Run) -> tuple[str, ...]:
    stages = " → ".join(_stage(stage) for stage in run.stages)
    if run.mean_of:
        stages += ", their mean" if len(run.mean_of) == len(run.stages) else ", a mean"
    return (
        f"[`{run.name}`](../results/runs/{run.name}.json)",
        " + ".join(name[len("2026-11-23-") :] for name in run.start) or "untrained",
        stages,
        f"{sum(stage.minutes for stage in run.stages):g}",
        f"{run.batch_size} x {run.patch_size}",
        f"{run.device}, {run.precision}{', compiled' if run.compiled else ''}",
        _scores(run),
        "yes" if run.bundled else "no",
    )


def _stage(stage: Stage) -> str:
    rate = f" {stage.learning_rate:.0e}".replace("e-0", "e-") if stage.learning_rate else ""
    return f"{stage.recipe}{rate}, {stage.steps:,} steps"


def _scores(run: Run) -> str:
    """The scores after the run, after those before it; its gains where it has no scores."""
    after = run.after or run.gains
    parts: list[str] = []
    for name, values in list(after.items())[:1]:
        for histories, label in SHOWN.items():
            if any(history not in values for history in histories):
                continue
            if label == "QF 10" and parts:
                continue
            new = _cell(values, histories, gains=not run.after)
            old = run.before.get(name, {})
            known = run.after and all(history in old for history in histories)
            start = f"{_cell(old, histories)} → " if known else ""
            parts.append(f"{name}, {label}: {start}{new}")
        if not parts:
            parts.append(f"{name}: " + ", ".join(f"{key} {value}" for key, value in values.items()))
    return "; ".join(parts)


def _cell(
    values: Mapping[str, float | str], histories: Sequence[str], *, gains: bool = False
) -> str:
    form = "{:+.3f}" if gains else "{:.2f}"
    return " / ".join(form.format(values[history]) for history in histories)


if __name__ == "__main__":
    sys.exit(main())
