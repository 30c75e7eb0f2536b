"""Learning rate schedules: pure functions of the step and of the share of the budget spent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Cosine:
    """Linear warm-up over steps, then a half cosine to `floor` over the run's real budget.

    Raises:
        ValueError: a value is out of range; the message quotes it.
    """

    warmup_steps: int
    floor: float = 0.0
    """Share of the rate left at the end."""

    def __post_init__(self) -> None:
        if self.warmup_steps < 0:
            raise ValueError(f"warmup_steps must be at least 0, got {self.warmup_steps!r}")
        if not 0 <= self.floor <= 1:
            raise ValueError(f"floor must be in [0, 1], got {self.floor!r}")

    def factor(self, step: int, spent: float) -> float:
        """Factor on the learning rate.

        Args:
            step: steps done so far.
            spent: share of the budget (steps or minutes, whichever is nearer its end), 0 to 1.
        """
        warmup = min(1.0, (step + 1) / max(self.warmup_steps, 1))
        decay = 0.5 * (1 + math.cos(math.pi * min(max(spent, 0.0), 1.0)))
        return warmup * (self.floor + (1 - self.floor) * decay)


@dataclass(frozen=True, kw_only=True)
class Halving:
    """Halve the rate every so many steps, independent of the budget (paper section 3.2).

    Raises:
        ValueError: `every` is not positive.
    """

    every: int

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"every must be positive, got {self.every!r}")

    def factor(self, step: int, spent: float) -> float:
        """Factor on the learning rate; `spent` plays no part."""
        del spent
        return 0.5 ** (step // self.every)


Schedule: TypeAlias = Cosine | Halving
