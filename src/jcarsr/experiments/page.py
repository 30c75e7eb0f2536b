"""Stored rows -> docs/experiments.md: what was measured, at what budget, and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from jcarsr.evaluation.rows import Row
from jcarsr.experiments.plan import ExperimentPlan, Size
from jcarsr.experiments.report import report
from jcarsr.experiments.results import Cell, Results, group
from jcarsr.experiments.seeds import RULE


def page(plans: Sequence[ExperimentPlan], rows: Sequence[Row]) -> str:
    """What was measured, then the tables of every suite, as Markdown.

    A table stands there if two of its lines were measured on one set, or the only one it has.
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
    keys = {one.label: one for one in plan.lines(suite.size)}
    seeds = sorted(
        {
            len(results.rows(keys[label].key(suite.size, cell[0], plan.qfs), cell))
            for label, cell in scores
        }
    )
    count = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    sets = [name for name in plan.sets if any(cell[2] == name for _, cell in scores)]
    scales = sorted({cell[0] for _, cell in scores})
    return (
        f"{suite.size}, {suite.budget} each, seeds: {count}, "
        f"{', '.join(f'x{scale}' for scale in scales)}, {', '.join(sets)}"
    )


def _describe_missing(plan: ExperimentPlan, found: Sequence[Results]) -> str:
    """What of a plan no suite has, in words: whole scales, qualities, sets and lines, the rest."""
    scores = [key for results in found for key in _scores(plan, results)]
    if not scores:
        return "everything"
    cells = {cell for _, cell in scores}
    scales = [scale for scale in plan.scales if all(cell[0] != scale for cell in cells)]
    qfs = [qf for qf in plan.qfs if all(cell[1] != qf for cell in cells)]
    sets = [name for name in plan.sets if all(cell[2] != name for cell in cells)]
    labels = {label for label, _ in scores}
    sizes: set[Size] = {results.suite.size for results in found if _scores(plan, results)}
    lines = {one.label for size in sizes for one in plan.lines(size)}
    whole = (
        (len(plan.scales) - len(scales))
        * (len(plan.qfs) - len(qfs))
        * (len(plan.sets) - len(sets))
        * len(labels)
    )
    words = [*(f"x{scale}" for scale in scales), *(f"QF {qf}" for qf in qfs), *sets]
    words += [one.label for one in plan.contestants if one.label in lines - labels]
    if rest := whole - len(set(scores)):
        words.append(f"{rest} of the other {whole} scores")
    return ", ".join(words)


def _scores(plan: ExperimentPlan, results: Results) -> list[tuple[str, Cell]]:
    """(label, cell) of a suite that a plan shows; none where no cell compares two lines."""
    size = results.suite.size
    lines = plan.lines(size)
    found = [
        (line.label, (scale, qf, name))
        for line in lines
        for scale in plan.scales
        for qf in plan.qfs
        for name in plan.sets
        if results.rows(line.key(size, scale, plan.qfs), (scale, qf, name))
    ]
    compared = Counter(cell for _, cell in found)
    return found if max(compared.values(), default=0) >= min(2, len(lines)) else []
