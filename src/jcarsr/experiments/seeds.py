"""Which differences exceed the noise of training seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance

import numpy as np

RULE = (
    "A difference is between methods trained with the same seed, which see the same crops. It is "
    "the mean over the seeds that both have, while a method's score is the mean over all of its "
    "own. It is resolved if all seeds have its sign and its mean exceeds t * s / sqrt(seeds): s is "
    "sqrt(2) times the standard deviation of what is left of the scores of one size, budget, "
    "scale, quality and set when what each method and each seed adds is taken out by least "
    "squares, and t the two-sided 5 % point of Student's distribution for its degrees of freedom. "
    "Where one method alone has two seeds or more, s is sqrt(2) times the standard deviation of "
    "its scores. Chains, which share a network, are left out of s. Given weights have no seed and "
    "count with all. Each difference is judged by itself: of twenty that chance alone makes, one "
    "is called resolved."
)
"""The rule in words, for a report."""

_T = {
    **{1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306},
    **{9: 2.262, 10: 2.228, 12: 2.179, 15: 2.131, 20: 2.086, 30: 2.042, 60: 2.000},
}
"""Degrees of freedom -> two-sided 5 % point of Student's t; between two, the smaller's counts."""


@dataclass(frozen=True)
class Noise:
    """How far seeds move a difference."""

    deviation: float
    """dB, of one seed's difference."""
    freedom: int
    """Degrees of freedom of that estimate."""

    def limit(self, seeds: int) -> float:
        """The largest mean difference, in dB, that noise of so many seeds explains."""
        return student(self.freedom) * self.deviation / sqrt(seeds)


def pooled_noise(scores: Sequence[Mapping[int, float]]) -> Noise | None:
    """The noise of a paired difference; None = it has not been measured.

    A score is taken as the sum of what its method, its seed and chance add. The differences of
    several methods to one reference share its chance; this counts it once.

    Args:
        scores: of each method, seed -> dB.

    >>> pooled_noise([{0: 27.1, 1: 27.3}, {0: 27.0, 1: 27.0}])
    Noise(deviation=0.141421, freedom=1)
    """
    values = [
        (method, seed, value) for method, own in enumerate(scores) for seed, value in own.items()
    ]
    if not values:
        return None
    seeds = sorted({seed for _, seed, _ in values})
    design = np.zeros((len(values), len(scores) + len(seeds)))
    for line, (method, seed, _) in enumerate(values):
        design[line, method] = design[line, len(scores) + seeds.index(seed)] = 1
    measured = np.array([value for _, _, value in values])
    effects, _, rank, _ = np.linalg.lstsq(design, measured)
    if freedom := len(values) - int(rank):
        total = float(np.square(measured - design @ effects).sum())
        return Noise(round(sqrt(2 * total / freedom), 6), freedom)
    repeated = [list(own.values()) for own in scores if len(own) > 1]
    if repeated:
        return Noise(round(sqrt(2 * variance(repeated[0])), 6), len(repeated[0]) - 1)
    return None


def is_resolved(differences: Sequence[float], noise: Noise) -> bool:
    """Whether a difference, one a seed, exceeds the noise."""
    mean = fmean(differences)
    one_sign = all(value * mean > 0 for value in differences)
    return one_sign and abs(mean) > noise.limit(len(differences))


def student(freedom: int) -> float:
    """Two-sided 5 % point of Student's t, rounded up between the table's degrees of freedom."""
    return _T[max(known for known in _T if known <= freedom)]


def paired_differences(scores: Mapping[int, float], reference: Mapping[int, float]) -> list[float]:
    """Differences of the seeds that both have; scores are seed -> dB."""
    return [scores[seed] - reference[seed] for seed in sorted(scores) if seed in reference]
