"""Where the 8x8 grid of an earlier JPEG save lies in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from jcarsr.jpeg.block_dct import Plane, dct_of_all_phases
from jcarsr.jpeg.grid import BLOCK

_FREQUENCIES = 5  # of each direction


def grid_scores(tiles: Sequence[Plane], half_steps: Plane) -> npt.NDArray[np.float64] | None:
    """How much each of the 64 places of a grid stands out.

    The share of coefficients below `half_steps`, less the median of all places, in robust standard
    deviations of them. On the grid of a hard save it is larger, because most fine coefficients
    were rounded to zero. A save whose steps are twice `half_steps` does not stand out itself:
    rounding to multiples of a step leaves the share below half of it as it was.

    Args:
        tiles: (H, W) luma, cut at multiples of 8.
        half_steps: (8, 8), of the last save.

    Returns:
        (8, 8): row and column of the grid's first block; None if no tile has 15 x 15 pixels.
    """
    share, count = np.zeros((BLOCK, BLOCK)), 0
    limits = half_steps[:_FREQUENCIES, None, :_FREQUENCIES]
    for tile in tiles:
        for phase, coefficients in dct_of_all_phases(tile, _FREQUENCIES):
            share[phase] += np.count_nonzero(np.abs(coefficients) < limits)
            count += coefficients.size
    if not count:
        return None
    above = share * (BLOCK * BLOCK / count)
    above -= np.median(above)
    return above / (1.4826 * np.median(np.abs(above)) + 1e-3)
