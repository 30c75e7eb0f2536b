"""Rows of experiments, grouped: who scored what with which seed. Imports no PyTorch."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from jcarsr.errors import DataError
from jcarsr.evaluation.rows import Row, Trial
from jcarsr.experiments.jobs import GIVEN
from jcarsr.experiments.plan import CHAINED, Size
from jcarsr.experiments.seeds import Noise, paired_differences, pooled_noise

Cell: TypeAlias = tuple[int, int, str]
"""(scale, quality factor, set)"""


@dataclass(frozen=True)
class Suite:
    """What rows must share to stand in one table."""

    size: Size
    budget: str
    pictures: str
    """Hash of the list of training pictures."""
    precision: str
    """Of the trainings."""
    data: str = field(compare=False)
    """The training pictures in words: folders may be named otherwise elsewhere."""

    @classmethod
    def of(cls, size: str, budget: str, data: str, precision: str) -> Suite:
        """As a trial and `Data.identity` have it: the hash is the last word of the data.

        >>> Suite.of("lite", "20 minutes", "DIV2K (800 pictures, 0123ab)", "float32").title
        'Networks of size lite, 20 minutes each in float32, trained on DIV2K (800 pictures, 0123ab)'
        """
        pictures = data.rpartition(" ")[2].rstrip(")")
        return cls("paper" if size == "paper" else "lite", budget, pictures, precision, data)

    @property
    def in_minutes(self) -> bool:
        """Whether its budget is one of minutes, not of steps."""
        return "minute" in self.budget

    @property
    def title(self) -> str:
        """In words."""
        return (
            f"Networks of size {self.size}, {self.budget} each in {self.precision}, "
            f"trained on {self.data}"
        )


@dataclass(frozen=True)
class Results:
    """The rows of a suite."""

    suite: Suite
    scores: dict[tuple[str, Cell], dict[int, Row]]
    """(method, cell) -> seed -> row."""

    def rows(self, method: str, cell: Cell) -> dict[int, Row]:
        """Seed -> row."""
        return self.scores.get((method, cell), {})

    def psnr(self, method: str, cell: Cell) -> dict[int, float]:
        """Seed -> dB."""
        return {seed: row.psnr for seed, row in self.rows(method, cell).items()}

    def trials(self, method: str, scale: int) -> list[Trial]:
        """What was spent on a method at a scale, one a seed."""
        found: dict[int, Trial] = {}
        for (name, cell), rows in self.scores.items():
            if (name, cell[0]) == (method, scale):
                found |= {seed: row.trial for seed, row in rows.items() if row.trial}
        return [found[seed] for seed in sorted(found)]

    def differences(self, method: str, reference: str, cell: Cell) -> list[float]:
        """In dB to the reference, one a seed that both have; what has no seeds has all of them."""
        own, other = self.psnr(method, cell), self.psnr(reference, cell)
        if other and all(map(_is_given, self.rows(method, cell).values())):
            own = {seed: value for seed in other for value in own.values()}
        if own and all(map(_is_given, self.rows(reference, cell).values())):
            other = {seed: value for seed in own for value in other.values()}
        return paired_differences(own, other)

    def noise(self, cell: Cell) -> Noise | None:
        """The noise of differences in a cell, of all that was scored there for any table.

        Chains are left out: they share a network, and with it a part of their noise.
        """
        own = [name for name, place in self.scores if place == cell and CHAINED not in name]
        return pooled_noise([self.psnr(name, cell) for name in own])


def group(
    rows: Iterable[Row], methods: Collection[str] = (), jobs: Collection[str] | None = None
) -> list[Results]:
    """The rows of experiments by suite, the smaller size first; other rows are left out.

    Given weights stand in the line of the training whose place they take. What was not trained at
    all stands in every suite of its size: no budget is its own.

    Args:
        rows: of any kind.
        methods: those that are asked for. Where a line has been scored with several weights it
            shows the one that is among them, else what was trained, else what was given last.
        jobs: hashes of those of the run at hand. Of several rows of one method, cell and seed,
            which came from other trainings or other pictures, it shows the one that is among
            them, else none. None = there is no such run.

    Raises:
        DataError: there are several such rows, and no run that decides between them.
    """
    found: dict[Suite, dict[str, list[Row]]] = {}
    given: list[Row] = []
    for row in rows:
        if row.trial and row.qf is not None:
            if _is_given(row):
                given.append(row)
            else:
                found.setdefault(_suite(row.trial), {}).setdefault(row.trial.method, []).append(row)
    for row in given:
        assert row.trial
        places = [suite for suite in found if suite.size == row.trial.size]
        for suite in places or [_suite(row.trial)]:
            found.setdefault(suite, {}).setdefault(row.trial.method, []).append(row)
    order = sorted(found, key=lambda suite: tuple(vars(suite).values()))
    return [Results(suite, _scores(found[suite], methods, jobs)) for suite in order]


def line_of(method: str) -> str:
    """What a method's line is called, whichever weights are given for it."""
    return re.sub(f"{GIVEN}[0-9a-f]+", "", method)


def _suite(trial: Trial) -> Suite:
    return Suite.of(trial.size, trial.budget, trial.data, trial.precision)


def _is_given(row: Row) -> bool:
    """Whether nothing was trained for a score: its one seed means nothing."""
    return row.trial is not None and not row.trial.steps


def _scores(
    found: Mapping[str, list[Row]], methods: Collection[str], jobs: Collection[str] | None
) -> dict[tuple[str, Cell], dict[int, Row]]:
    """(line, cell) -> seed -> row, of method -> rows."""
    lines: dict[str, str] = {}
    for method in found:
        line = line_of(method)
        if lines.get(line) not in methods and (method in methods or lines.get(line) != line):
            lines[line] = method
    scores: dict[tuple[str, Cell], dict[int, Row]] = {}
    for line, method in lines.items():
        same: dict[tuple[Cell, int], dict[str, Row]] = {}
        for row in found[method]:
            if row.trial and row.qf is not None:
                cell = row.scale, row.qf, row.set
                same.setdefault((cell, row.trial.seed), {})[row.trial.job] = row
        for (cell, seed), rows in same.items():
            if row := _one_of(rows, jobs):
                scores.setdefault((line, cell), {})[seed] = row
    return scores


def _one_of(rows: Mapping[str, Row], jobs: Collection[str] | None) -> Row | None:
    """The row that counts, of job -> row of one method, cell and seed."""
    if len(rows) == 1:
        return next(iter(rows.values()))
    if jobs is None:
        some = next(iter(rows.values()))
        assert some.trial
        raise DataError(
            f"{some.trial.method}, seed {some.trial.seed}, {some.set} x{some.scale} QF {some.qf}: "
            f"scores of different trainings or pictures, jobs {', '.join(rows)}: leave one"
        )
    return next((row for job, row in rows.items() if job in jobs), None)
