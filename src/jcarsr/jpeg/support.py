"""What a JPEG supports of a picture made from it.

Every coefficient of a JPEG says that the true one lay within half a step of it. A restored picture,
shrunk to the JPEG's size and transformed in the same way, stays within these intervals or leaves
them: there it shows what the file does not say.

Not counted are blocks with a saturated sample (0 or 255 in one of the decoded colours), where the
decoder cut off what the coefficients say, and incomplete blocks at the right and lower edges. The
coefficients are those of the decoded samples, and half a step is widened by `TOLERANCE`, so that
the decoded picture itself stays within: it is rounded to 8 bits twice, in its own colours and in
red, green and blue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jcarsr.jpeg.block_dct import BASIS, block_dct
from jcarsr.jpeg.components import Component
from jcarsr.jpeg.grid import BLOCK
from jcarsr.pixels import Floats, Pixels, Samples
from jcarsr.resample import resize_bands

_REACH = np.abs(BASIS).sum(axis=1)
TOLERANCE: Floats = np.outer(_REACH, _REACH).astype(np.float32) / np.float32(2)
"""(8, 8): what a coefficient may exceed half a step by: half a level in every sample, 3 to 4."""

_SHIFT = np.array((128, 0, 0), np.float32)  # of levels, for luma (T.81, A.3.1)
_YCC = np.array(  # JFIF, chroma around 0
    ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312)), np.float32
)


@dataclass(frozen=True, kw_only=True)
class Support:
    """How much of a picture a JPEG supports."""

    outside: float
    """Share of the counted coefficients that leave their interval, 0 to 1."""
    steps: float
    """Mean distance of those from the file's value, in quantisation steps; 0 if none."""
    counted: int
    """Coefficients."""
    saturated: float
    """Share of the whole blocks that is not counted, 0 to 1."""


def measure_support(
    components: Sequence[Component], decoded: Pixels, result: Samples
) -> tuple[Support, Floats] | None:
    """Compare a picture with the intervals of the JPEG that it was made from.

    Args:
        components: of the JPEG.
        decoded: (H, W, 3) the JPEG's pixels.
        result: (height, width, 3) uint8 or uint16, no smaller, turned as the JPEG is.

    Returns:
        the sums, and (H // 8, W // 8) for each luma block the share of its coefficients that
        leave, 0 where it is not counted; None if there is no block to count.
    """
    height, width = decoded.shape[:2]
    levels = np.float32(255 / np.iinfo(result.dtype).max)
    found = _Sums(np.zeros((height // BLOCK, width // BLOCK), np.float32))
    for rows, band in resize_bands(result, height, width, np.float32):
        ycc: Floats = np.matmul(band * levels, _YCC.T, dtype=np.float32) - _SHIFT
        red, green, blue = np.moveaxis((decoded[rows] == 0) | (decoded[rows] == 255), 2, 0)
        saturated = red | green | blue
        for number, component in enumerate(components):
            _compare(component, ycc[..., number], saturated, rows.start, found, luma=number == 0)
    if not found.counted:
        return None
    support = Support(
        outside=found.outside / found.counted,
        steps=found.steps / found.outside if found.outside else 0.0,
        counted=found.counted,
        saturated=found.left_out / found.blocks,
    )
    return support, found.shares


@dataclass
class _Sums:
    shares: Floats
    counted: int = 0
    outside: int = 0
    steps: float = 0.0
    blocks: int = 0
    left_out: int = 0


def _compare(
    component: Component,
    plane: Floats,
    saturated: npt.NDArray[np.bool_],
    top: int,
    found: _Sums,
    *,
    luma: bool,
) -> None:
    """Add a band's blocks of one component to the sums.

    Args:
        component: of the JPEG.
        plane: the band in the picture, (rows, W), shifted so that 128 is 0.
        saturated: (rows, W).
        top: the band's first row in the picture, a multiple of 16.
        found: the sums.
        luma: the blocks' shares are wanted.
    """
    down, across = component.down, component.across
    rows, columns = len(plane) // (BLOCK * down), plane.shape[1] // (BLOCK * across)
    if not rows or not columns:
        return
    high, wide = rows * BLOCK, columns * BLOCK
    cut = plane[: high * down, : wide * across]
    mean = cut
    if down * across > 1:
        mean = cut.reshape(high, down, wide, across).mean(axis=(1, 3), dtype=np.float32)
    first = top // down
    own = component.samples[first : first + high, :wide].astype(np.float32) - 128
    away = np.abs(block_dct(mean - own, (0, 0)))
    usable = ~saturated[: high * down, : wide * across].reshape(
        rows, BLOCK * down, columns, BLOCK * across
    ).any(axis=(1, 3))
    outside = (away > component.steps / 2 + TOLERANCE) & usable.reshape(-1, 1, 1)
    found.blocks += usable.size
    found.left_out += usable.size - int(usable.sum())
    found.counted += int(usable.sum()) * BLOCK**2
    found.outside += int(outside.sum())
    found.steps += float((away / component.steps)[outside].sum(dtype=np.float64))
    if luma:
        shares = outside.mean(axis=(1, 2), dtype=np.float32).reshape(rows, columns)
        found.shares[top // BLOCK : top // BLOCK + rows] = shares
