"""Timing things against each other: all of them in every round, so that a busy machine hits all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

Timings = dict[str, list[float]]
"""Name -> seconds of every round."""


def rounds(
    contestants: Mapping[str, Callable[[], object]], count: int, *, warm_up: int = 1
) -> Timings:
    """Run every contestant `count` times in turns, after `warm_up` rounds that do not count."""
    timings: Timings = {name: [] for name in contestants}
    for number in range(-warm_up, count):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            if number >= 0:
                timings[name].append(time.perf_counter() - started)
    return timings


def ratio(timings: Timings, name: str, rival: str) -> float:
    """How many times the rival's time `name` takes: the median over the rounds."""
    return median(a / b for a, b in zip(timings[name], timings[rival], strict=True))
