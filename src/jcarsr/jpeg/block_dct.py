"""The 8x8 block DCT of JPEG (ITU-T T.81, A.3.3) at any place of the grid, as matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from jcarsr.jpeg.grid import BLOCK

Plane: TypeAlias = npt.NDArray[np.float32]
"""(H, W) float32."""

_ROWS = 64  # converted at once


def _basis() -> Plane:
    k = np.arange(BLOCK)
    rows = np.cos(np.pi * (2 * k[None] + 1) * k[:, None] / (2 * BLOCK)) / 2
    rows[0] /= np.sqrt(2)
    return rows.astype(np.float32)


BASIS = _basis()
"""(8, 8): row k is the orthonormal DCT's cosine of frequency k."""


def luma_full_range(pixels: npt.NDArray[np.uint8]) -> Plane:
    """Y as JPEG files have it (JFIF): (H, W, 3) uint8 RGB -> (H, W), 0 to 255."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    plane = np.empty(pixels.shape[:2], np.float32)
    for top in range(0, len(pixels), _ROWS):
        plane[top : top + _ROWS] = pixels[top : top + _ROWS].astype(np.float32) @ weights
    return plane


def block_dct(plane: Plane, phase: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The coefficients of every whole block of the grid that begins at `phase`.

    Args:
        plane: (H, W).
        phase: (row, column) of the first block's corner, each from 0 to 7.

    Returns:
        (blocks, 8, 8): vertical, then horizontal frequency; the level shift is not applied.
    """
    blocks = _cut(plane, phase)
    rows, columns = blocks.shape[0] // BLOCK, blocks.shape[1] // BLOCK
    blocks = blocks.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2).reshape(-1, BLOCK, BLOCK)
    coefficients = np.matmul(np.matmul(BASIS, blocks), BASIS.T, dtype=np.float32)
    return coefficients


def dct_of_all_phases(
    plane: Plane, frequencies: int
) -> Iterator[tuple[tuple[int, int], npt.NDArray[np.float32]]]:
    """The lowest coefficients for each of the 64 places of the grid.

    The horizontal half of the transform is shared by the eight rows that a grid may begin at.

    Args:
        plane: (H, W).
        frequencies: how many of each direction, from 0 on.

    Yields:
        (phase, coefficients), where these are (block rows, frequencies, block columns,
        frequencies); every phase has as many blocks. Nothing if height or width is under 15.
    """
    basis = BASIS[:frequencies]
    rows = max(plane.shape[0] - BLOCK + 1, 0) // BLOCK
    columns = max(plane.shape[1] - BLOCK + 1, 0) // BLOCK
    if not rows or not columns:
        return
    for x in range(BLOCK):
        strip = plane[:, x : x + BLOCK * columns].reshape(-1, BLOCK) @ basis.T
        strip = strip.reshape(len(plane), -1)
        for y in range(BLOCK):
            part = strip[y : y + BLOCK * rows].reshape(rows, BLOCK, -1)
            coefficients = np.matmul(basis, part, dtype=np.float32)
            yield (y, x), coefficients.reshape(rows, frequencies, columns, frequencies)


def _cut(plane: Plane, phase: tuple[int, int]) -> Plane:
    height, width = (
        (size - start) // BLOCK * BLOCK for size, start in zip(plane.shape, phase, strict=True)
    )
    return plane[phase[0] : phase[0] + height, phase[1] : phase[1] + width]
