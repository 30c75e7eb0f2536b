"""What a training run tells its caller; the command shows it, a library user may ignore it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class StepReport:
    """The state of a run at a logged step."""

    step: int
    spent: float  # share of the budget, 0 to 1
    seconds: float  # in the loop so far
    samples_per_second: float
    losses: dict[str, float]  # means since the last report


class Reporter(Protocol):
    """Receives a run's messages."""

    def bank(self, done: int, total: int) -> None:
        """`done` of `total` pictures are in the bank."""
        ...

    def step(self, report: StepReport) -> None:
        """A logged step."""
        ...

    def message(self, text: str) -> None:
        """One line for the user."""
        ...


class Silent:
    """A Reporter that says nothing."""

    def bank(self, done: int, total: int) -> None:
        """Nothing."""

    def step(self, report: StepReport) -> None:
        """Nothing."""

    def message(self, text: str) -> None:
        """Nothing."""
