"""Rows of experiments, grouped: who scored what with which seed. Imports no PyTorch."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from jcarsr.evaluation.rows import Row, Trial
from jcarsr.experiments.jobs import GIVEN
from jcarsr.experiments.plan import Size
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
    def title(self) -> str:
        """In words."""
        return (
            f"Networks of size {self.size}, {self.budget} each in {self.precision}, "
            f"trained on {self.data}"
        )


@dataclass(frozen=True)
class Results:
    """The rows of a suite; of rows of one method, cell and seed the last one counts."""

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
        """In dB to the reference, one a seed that both have."""
        return paired_differences(self.psnr(method, cell), self.psnr(reference, cell))

    def noise(self, cell: Cell) -> Noise | None:
        """The noise of differences in a cell, of all that was scored there for any table."""
        return pooled_noise([self.psnr(name, own) for name, own in self.scores if own == cell])


def group(rows: Iterable[Row], methods: Collection[str] = ()) -> list[Results]:
    """The rows of experiments by suite, the smaller size first; other rows are left out.

    Given weights stand in the line of the training whose place they take.

    Args:
        rows: of any kind.
        methods: those that are asked for. Where a line has been scored with several weights it
            shows the one that is among them, else what was trained, else what was given last.
    """
    found: dict[Suite, dict[str, list[Row]]] = {}
    for row in rows:
        if row.trial and row.qf is not None:
            trial = row.trial
            suite = Suite.of(trial.size, trial.budget, trial.data, trial.precision)
            found.setdefault(suite, {}).setdefault(trial.method, []).append(row)
    order = sorted(found, key=lambda suite: tuple(vars(suite).values()))
    return [Results(suite, _scores(found[suite], methods)) for suite in order]


def _scores(
    found: Mapping[str, list[Row]], methods: Collection[str]
) -> dict[tuple[str, Cell], dict[int, Row]]:
    """(line, cell) -> seed -> row, of method -> rows."""
    lines: dict[str, str] = {}
    for method in found:
        line = re.sub(f"{GIVEN}[0-9a-f]+", "", method)
        if lines.get(line) not in methods and (method in methods or lines.get(line) != line):
            lines[line] = method
    scores: dict[tuple[str, Cell], dict[int, Row]] = {}
    for line, method in lines.items():
        for row in found[method]:
            if row.trial and row.qf is not None:
                cell = row.scale, row.qf, row.set
                scores.setdefault((line, cell), {})[row.trial.seed] = row
    return scores
