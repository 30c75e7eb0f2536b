"""Whether block coefficients lie on multiples of the steps of a JPEG quality, and of which."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from jcarsr.jpeg.block_dct import Plane, block_dct
from jcarsr.jpeg.quality import luma_table

QUALITIES = np.arange(5, 91)
"""The qualities that are tried; milder ones have steps that no later save leaves to be seen."""

_FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2), (0, 3), (3, 0))
_BINS = 4  # of the histogram, to a unit of the coefficients
_LENGTH = 320 * _BINS  # larger coefficients are few
_FEWEST = 8  # coefficients, with fewer there is no evidence


def comb_scores(tiles: Sequence[Plane], phase: tuple[int, int]) -> npt.NDArray[np.float64]:
    """How well the coefficients fit each of `QUALITIES`.

    The sum of cos(2 pi c / step) over the coefficients c that the step does not round to zero, in
    standard deviations of the sum over coefficients that know nothing of the step. Rounded
    magnitudes of a natural picture give less than 0, because small ones are the most frequent.

    Args:
        tiles: (H, W) luma, cut at multiples of 8.
        phase: (row, column) of the first block's corner, each from 0 to 7.
    """
    histogram = np.zeros((len(_FREQUENCIES), _LENGTH), np.float32)
    for tile in tiles:
        coefficients = np.abs(_distinct(block_dct(tile, phase)))
        for row, (u, v) in zip(histogram, _FREQUENCIES, strict=True):
            places = (coefficients[:, u, v] * _BINS).astype(np.intp)
            row += np.bincount(places[places < _LENGTH], minlength=_LENGTH)
    waves, counted = _waves()
    count = counted @ histogram.ravel()
    score = waves @ histogram.ravel() / np.sqrt(np.maximum(count, _FEWEST) / 2)
    return np.where(count >= _FEWEST, score, 0)


def _distinct(blocks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Each pattern once, however bright: a screenshot's letters come again and prove nothing."""
    details = blocks[:, :4, :4].reshape(len(blocks), -1)[:, 1:]
    marks = (details @ np.sqrt(np.arange(2, 17, dtype=np.float32))).round(1)
    return blocks[np.unique(marks, return_index=True)[1]]


@cache
def _waves() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(qualities, frequencies * bins): each bin's cosine, 0 where it is rounded to 0; where not."""
    centres = (np.arange(_LENGTH) + 0.5) / _BINS
    tables = [luma_table(qf) for qf in QUALITIES.tolist()]
    steps = np.array([[table[place] for place in _FREQUENCIES] for table in tables])
    distinct, which = np.unique(steps, return_inverse=True)  # of the 860 a tenth
    multiples = centres / distinct[:, None]
    counted = multiples > 0.5
    waves = np.where(counted, np.cos(2 * np.pi * multiples), 0).astype(np.float32)[which]
    shape = len(QUALITIES), -1
    return waves.reshape(shape), counted.astype(np.float32)[which].reshape(shape)
