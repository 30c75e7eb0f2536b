"""Traces of an earlier JPEG save in a picture's pixels: where its grid lay and how hard it was.

Two steps:

1. The 64 places at which an 8x8 grid may lie are compared by their share of small DCT coefficients
   (`block_grid`): grid detection by blockiness (Z. Fan, R. de Queiroz, "Identification of bitmap
   compression history", IEEE Trans. Image Processing 12(2), 2003), taken in the DCT domain.
2. At the few best places the coefficients still lie around multiples of the earlier save's steps
   (`comb`; T. Bianchi, A. Piva, "Detection of nonaligned double JPEG compression based on integer
   periodicity maps", IEEE Trans. Information Forensics and Security 7(2), 2012; on one grid J.
   Lukas, J. Fridrich, "Estimation of primary quantization matrix in double compressed JPEG
   images", DFRWS 2003). Deviation: ten frequencies vote together for one quality of libjpeg's,
   where the authors look at the DC coefficient or estimate each step by itself.

What is not found: an earlier save about as mild as the last one or milder, one before a resize,
WebP and AVIF. `docs/choice.md` has the rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jcarsr.jpeg.block_dct import Plane, luma_full_range
from jcarsr.jpeg.block_grid import grid_scores
from jcarsr.jpeg.comb import QUALITIES, comb_scores
from jcarsr.jpeg.grid import BLOCK
from jcarsr.jpeg.last_save import LastSave
from jcarsr.jpeg.quality import luma_table
from jcarsr.pixels import Pixels

_CANDIDATES = 3  # places whose coefficients are looked at for a comb
_MILDER = 5  # by how much the last save's quality has to exceed an earlier one's
_MILDER_SAME_GRID = 12
_GRID, _COMB = 2.0, 3.0  # both scores are needed,
_GRID_ALONE = 4.0  # unless the place stands out so far
_COMB_SAME_GRID = 6.0
_TILE, _TILES = 128, 8  # larger pictures are judged by tiles


@dataclass(frozen=True, kw_only=True)
class EarlierSave:
    """An earlier save of a picture as JPEG."""

    shift: tuple[int, int]
    """The picture's (rows, columns) place on its grid, each from 0 to 7."""
    qf: int | None
    """Its quality on libjpeg's scale; None = its steps are not known."""
    evidence: float
    """The deciding score, in standard deviations."""

    @property
    def moved(self) -> bool:
        """Whether its grid is not the one that a save of today's pixels would have."""
        return self.shift != (0, 0)

    def __str__(self) -> str:
        quality = "" if self.qf is None else f" of quality {self.qf} or so"
        place = "on the same block grid"
        if self.moved:
            place = f"its block grid shifted by {self.shift[0]} and {self.shift[1]} pixels"
        return f"an earlier JPEG save{quality}, {place}"


def find_earlier_save(pixels: Pixels, last: LastSave) -> EarlierSave | None:
    """Find the earlier save of which the pixels have the clearest traces.

    Large pictures are judged by samples.

    Args:
        pixels: (H, W, 3) uint8 RGB as decoded, not turned.
        last: what the file says.

    Returns:
        None if there is no trace of one.
    """
    plane = luma_full_range(pixels)
    if min(plane.shape) < 2 * BLOCK:
        return None
    tiles = _sample(plane)
    half_steps = np.ones((BLOCK, BLOCK), np.float32)
    if last.luma is not None:
        half_steps = np.maximum(np.array(last.luma, np.float32).reshape(BLOCK, BLOCK) / 2, 1)
    found = [_on_another_grid(tiles, half_steps, last), _on_the_same_grid(tiles, last)]
    clear = [save for save in found if save is not None]
    return max(clear, key=lambda save: save.evidence, default=None)


def _on_another_grid(tiles: list[Plane], half_steps: Plane, last: LastSave) -> EarlierSave | None:
    scores = grid_scores(tiles, half_steps)
    if scores is None:
        return None
    if last.luma is not None:
        scores[0, 0] = -np.inf  # its own
    places = [divmod(int(index), BLOCK) for index in np.argsort(-scores, axis=None)[:_CANDIDATES]]
    mildest = 100 if last.qf is None else last.qf - _MILDER
    combs = [_harder(comb_scores(tiles, place), mildest) for place in places]
    best = max(range(len(places)), key=lambda number: combs[number].max())
    comb = float(combs[best].max())
    if comb >= _COMB and scores[places[best]] >= _GRID:
        qf = int(QUALITIES[combs[best].argmax()])
        return EarlierSave(shift=_shift(places[best]), qf=qf, evidence=comb)
    if scores[places[0]] >= _GRID_ALONE:
        return EarlierSave(shift=_shift(places[0]), qf=None, evidence=float(scores[places[0]]))
    return None


def _on_the_same_grid(tiles: list[Plane], last: LastSave) -> EarlierSave | None:
    if last.qf is None or last.luma != tuple(luma_table(last.qf).ravel().tolist()):
        return None  # a comb of steps that are not libjpeg's may look like one of other quality
    scores = comb_scores(tiles, (0, 0))
    harder = _harder(scores, last.qf - _MILDER_SAME_GRID)
    comb = float(harder.max())
    if comb < max(_COMB_SAME_GRID, 0.8 * float(scores.max())):
        return None
    return EarlierSave(shift=(0, 0), qf=int(QUALITIES[harder.argmax()]), evidence=comb)


def _harder(scores: npt.NDArray[np.float64], mildest: int) -> npt.NDArray[np.float64]:
    """Those of `QUALITIES` up to the mildest, 0 for the others."""
    return np.where(np.less_equal(QUALITIES, mildest), scores, 0)


def _shift(phase: tuple[int, int]) -> tuple[int, int]:
    """How far into a block the picture begins, from where the first whole block begins."""
    return -phase[0] % BLOCK, -phase[1] % BLOCK


def _sample(plane: Plane) -> list[Plane]:
    """All of a small plane; of a large one tiles from the livelier half, evenly over its ranks."""
    if plane.size <= _TILES * _TILE**2:
        return [plane]
    corners = [
        (y, x)
        for y in range(0, max(plane.shape[0] - _TILE, 0) + 1, _TILE)
        for x in range(0, max(plane.shape[1] - _TILE, 0) + 1, _TILE)
    ]
    tiles = [plane[y : y + _TILE, x : x + _TILE] for y, x in corners]
    liveliness = [float(np.abs(np.diff(tile[::4], axis=1)).mean()) for tile in tiles]
    lively = np.argsort(liveliness)[len(tiles) // 2 :]
    chosen = lively[np.linspace(0, len(lively) - 1, min(_TILES, len(lively))).round().astype(int)]
    return [tiles[index] for index in sorted(chosen)]
