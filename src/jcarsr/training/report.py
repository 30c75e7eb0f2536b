"""What a training run reports: the command shows it, a library user may ignore it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepReport:
    """The state of a run at a logged step; means are over the steps since the last report."""

    step: int
    spent: float
    """Share of the budget, 0 to 1."""
    seconds: float
    """In the loop so far."""
    samples_per_second: float
    tflops: float
    """10^12 floating-point operations a second, all devices."""
    peak_memory: int
    """Bytes: of the device's tensors on a GPU, of the whole process elsewhere."""
    learning_rate: float
    losses: dict[str, float]
    """Means."""

    @property
    def figures(self) -> dict[str, float]:
        """What is logged: the losses, and what the step took."""
        return {
            **self.losses,
            "samples_per_second": self.samples_per_second,
            "tflops": self.tflops,
            "peak_memory": self.peak_memory,
            "learning_rate": self.learning_rate,
        }


class Reporter:
    """Receives a run's messages and ignores them; a subclass overrides what it wants."""

    def bank(self, done: int, total: int) -> None:
        """Note that `done` of `total` pictures are in the bank."""

    def step(self, report: StepReport) -> None:
        """Note a logged step."""

    def stopped(self, step: int) -> None:
        """Note that a signal asked to stop after a step; what is done is stored."""

    def message(self, text: str) -> None:
        """Note one line for the user."""
