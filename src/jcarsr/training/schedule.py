"""Learning rate schedules: pure functions of the step and of the share of the budget spent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Cosine:
    """Linear warm-up over steps, then a half cosine to `floor` over the run's real budget."""

    warmup_steps: int
    floor: float = 0.0  # share of the rate left at the end

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
    """Halve the rate every so many steps, independent of the budget (paper section 3.2)."""

    every: int

    def factor(self, step: int, spent: float) -> float:
        """Factor on the learning rate; `spent` plays no part."""
        del spent
        return 0.5 ** (step // self.every)


Schedule: TypeAlias = Cosine | Halving
