"""Which differences exceed the noise of training seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance

RULE = (
    "A difference is between methods trained with the same seed, which see the same crops. It is "
    "resolved if all seeds have its sign and its mean exceeds t * s / sqrt(seeds): s is the "
    "standard deviation of such differences between seeds, pooled over all methods with two "
    "seeds of one size, budget, scale, quality and set, and t the two-sided 5 % point of Student's "
    "distribution for its degrees of freedom. Where the reference alone has two seeds or more, s "
    "is sqrt(2) times the standard deviation of its scores."
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


def pooled_noise(
    differences: Sequence[Sequence[float]], reference: Sequence[float] = ()
) -> Noise | None:
    """The noise of paired differences; None = it has not been measured.

    Args:
        differences: for each method, the difference to the reference of each seed, in dB.
        reference: the reference's own scores, one a seed; used where no method has two seeds.

    >>> pooled_noise([[0.1, 0.3], [0.0, 0.0]])
    Noise(deviation=0.1, freedom=2)
    """
    repeated = [values for values in differences if len(values) > 1]
    if repeated:
        freedom = sum(len(values) - 1 for values in repeated)
        total = sum((len(values) - 1) * variance(values) for values in repeated)
        return Noise(round(sqrt(total / freedom), 12), freedom)
    if len(reference) > 1:
        return Noise(sqrt(2 * variance(reference)), len(reference) - 1)
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
