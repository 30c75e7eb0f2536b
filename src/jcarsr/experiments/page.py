"""Stored rows -> docs/experiments.md: what was measured, at what budget, and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jcarsr.errors import DataError
from jcarsr.evaluation.rows import Row, read_rows
from jcarsr.experiments.plan import ExperimentPlan
from jcarsr.experiments.report import report
from jcarsr.experiments.results import Results, group
from jcarsr.experiments.seeds import RULE


def page(plans: Sequence[ExperimentPlan], rows: Sequence[Row]) -> str:
    """What was measured, then the tables of every suite, as Markdown.

    A table stands there if at least two of its lines were measured, or the only one it has.
    """
    found = group(rows)
    parts = [_coverage(plans, found)]
    for results in found:
        parts.append(f"## {results.suite.title}\n\n{RULE}")
        for plan in plans:
            if _describe_suite(plan, results):
                parts.append(f"### {heading(plan)}\n\n{report(plan, results)}")
    return "\n\n".join(parts)


def heading(plan: ExperimentPlan) -> str:
    """A table's title with its number in the paper."""
    return f"Table {plan.table}: {plan.title}" if plan.table else f"{plan.title} (not of the paper)"


def read_folders(paths: Sequence[Path]) -> list[Row]:
    """The rows of JSON lines files, and of all such files in folders.

    Raises:
        DataError: a path is missing, a folder has no such file, or a line is not a row.
    """
    files: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not inside:
            raise DataError(f"{path}: no .jsonl file in this folder")
        files += inside
    return read_rows(files)


def _coverage(plans: Sequence[ExperimentPlan], found: Sequence[Results]) -> str:
    lines = ["| experiment | measured | not measured |", "|---|---|---|"]
    for plan in plans:
        done = [text for results in found if (text := _describe_suite(plan, results))]
        lacking = _describe_missing(plan, found)
        lines.append(f"| {heading(plan)} | {'; '.join(done) or 'no'} | {lacking or 'nothing'} |")
    return "\n".join(lines)


def _describe_suite(plan: ExperimentPlan, results: Results) -> str:
    """What of a plan a suite has, in words; empty without any."""
    suite = results.suite
    scores = _scores(plan, results)
    if not scores:
        return ""
    seeds = sorted({len(results.rows(*key)) for key in scores})
    count = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    sets = [name for name in plan.sets if any(cell[2] == name for _, cell in scores)]
    scales = sorted({cell[0] for _, cell in scores})
    return (
        f"{suite.size}, {suite.budget} each, seeds: {count}, "
        f"{', '.join(f'x{scale}' for scale in scales)}, {', '.join(sets)}"
    )


def _describe_missing(plan: ExperimentPlan, found: Sequence[Results]) -> str:
    """Scales, sets and lines of a plan that no suite has, in words."""
    scores = [key for results in found for key in _scores(plan, results)]
    if not scores:
        return "everything"
    scales = [f"x{s}" for s in plan.scales if all(cell[0] != s for _, cell in scores)]
    sets = [name for name in plan.sets if all(cell[2] != name for _, cell in scores)]
    methods = {method for method, _ in scores}
    keys = {
        contestant.label: {
            contestant.key(results.suite.size, scale, plan.qfs)
            for results in found
            if results.suite.size in contestant.sizes
            for scale in plan.scales
        }
        for contestant in plan.contestants
    }
    labels = [label for label, own in keys.items() if own and not own & methods]
    return ", ".join([*scales, *sets, *labels])


def _scores(plan: ExperimentPlan, results: Results) -> list[tuple[str, tuple[int, int, str]]]:
    """(method, cell) of a suite that a plan shows; none of a single line where it has more."""
    size = results.suite.size
    lines = plan.lines(size)
    found: list[tuple[str, tuple[int, int, str]]] = []
    labels: set[str] = set()
    for method, cell in results.scores:
        if cell[0] in plan.scales and cell[1] in plan.qfs and cell[2] in plan.sets:
            own = {one.label for one in lines if method == one.key(size, cell[0], plan.qfs)}
            if own:
                found.append((method, cell))
                labels |= own
    return found if len(labels) >= min(2, len(lines)) else []
