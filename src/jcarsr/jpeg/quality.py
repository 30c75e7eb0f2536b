"""A JPEG's quality on libjpeg's scale, estimated from its quantisation tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

# ITU-T T.81, tables K.1 (luma) and K.2 (chroma), row by row.
_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *[(99,) * 8] * 4,
)
_BASELINE = 255  # the largest step of a table with 8 bits an entry
_EXTENDED = 32767  # libjpeg's largest with 16 bits, where baseline is not asked for


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How finely a JPEG is quantised; speaks of the last save only."""

    value: int
    """1 to 100: the standard tables scaled to it come nearest."""
    exact: bool
    """The tables are precisely those."""
    misfit: float
    """Root mean square of ln(table / standard); 0 = none, 0.1 = about 10 %."""


def quality_of(image: Image.Image) -> Quality | None:
    """The quality of an opened JPEG, from its header alone; None if no table of its is there."""
    if not isinstance(image, JpegImageFile):
        return None
    return estimate(image.quantization, [table for *_, table in image.layer])


def estimate(tables: Mapping[int, Sequence[int]], used: Sequence[int]) -> Quality | None:
    """The quality whose standard tables are nearest: least squares of the logarithms.

    Logarithms, because a step of 2 for 1 changes a picture as much as one of 200 for 100. No two
    qualities have the same tables; of two that lie equally near, the lower is returned.

    Args:
        tables: number -> 64 steps, row by row (as Pillow gives them, not in zigzag order).
        used: the number of each component's table, in the frame's order. The second and third
            component are held against the chroma table, unless they share that of the first.

    Returns:
        None if none of the used tables is there.

    >>> estimate({0: [1] * 64}, [0])
    Quality(value=100, exact=True, misfit=0.0)
    """
    kinds: dict[int, int] = {}
    for component, number in enumerate(used):
        kinds.setdefault(number, 1 if component in (1, 2) else 0)
    numbers = [number for number in kinds if number in tables]
    if not numbers:
        return None
    steps = np.array([tables[number] for number in numbers], np.int64)
    limit = _BASELINE if steps.max() <= _BASELINE else _EXTENDED
    standard = _standard(limit)[:, [kinds[number] for number in numbers]]
    ratios = np.log(np.maximum(steps, 1)) - np.log(standard)  # a step of 0 is none
    misfits = np.sqrt((ratios**2).mean(axis=(1, 2)))
    best = int(misfits.argmin())
    return Quality(
        value=best + 1,
        exact=bool((steps == standard[best]).all()),
        misfit=float(misfits[best]),
    )


def luma_table(qf: int) -> npt.NDArray[np.int64]:
    """The luma steps of libjpeg at quality `qf` (1 to 100), (8, 8), each from 1 to 255."""
    return _standard(_BASELINE)[qf - 1, 0].reshape(8, 8)


@cache
def _standard(limit: int) -> npt.NDArray[np.int64]:
    """(100, 2, 64): for quality 1 to 100 the luma and the chroma table, as libjpeg scales them."""
    quality = np.arange(1, 101)
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    base = np.array((_LUMA, _CHROMA), np.int64).reshape(2, 64)
    return np.clip((base * percent[:, None, None] + 50) // 100, 1, limit)
