"""Rows of experiments, grouped: who scored what with which seed. Imports no PyTorch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    data: str
    precision: str
    """Of the trainings."""

    @property
    def title(self) -> str:
        """In words.

        >>> Suite("lite", "20 minutes", "DIV2K", "float32").title
        'Networks of size lite, 20 minutes each in float32, trained on DIV2K'
        """
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

    def trial(self, method: str, scale: int) -> Trial | None:
        """What was spent on a method: of its first row at a scale."""
        for (name, cell), rows in self.scores.items():
            if (name, cell[0]) == (method, scale):
                return next(iter(rows.values())).trial
        return None

    def differences(self, method: str, reference: str, cell: Cell) -> list[float]:
        """In dB to the reference, one a seed that both have."""
        return paired_differences(self.psnr(method, cell), self.psnr(reference, cell))

    def noise(self, reference: str, others: Sequence[str], cell: Cell) -> Noise | None:
        """The noise of a cell, pooled over what is compared with the reference in any table."""
        differences = [self.differences(method, reference, cell) for method in others]
        return pooled_noise(differences, list(self.psnr(reference, cell).values()))

    def methods(self, cell: Cell) -> list[str]:
        """All that have a score there."""
        return [name for name, own in self.scores if own == cell]


def group(rows: Iterable[Row]) -> list[Results]:
    """The rows of experiments by suite, the smaller size first; other rows are left out.

    Given weights count as the training whose place they take.
    """
    found: dict[Suite, dict[tuple[str, Cell], dict[int, Row]]] = {}
    for row in rows:
        if row.trial is None or row.qf is None:
            continue
        size: Size = "paper" if row.trial.size == "paper" else "lite"
        suite = Suite(size, row.trial.budget, row.trial.data, row.trial.precision)
        cell = row.scale, row.qf, row.set
        method = re.sub(f"{GIVEN}[0-9a-f]+", "", row.trial.method)
        scores = found.setdefault(suite, {}).setdefault((method, cell), {})
        scores[row.trial.seed] = row
    order = sorted(found, key=lambda suite: tuple(vars(suite).values()))
    return [Results(suite, found[suite]) for suite in order]
