"""How much memory a picture will take, estimated before; and the largest tiles that fit."""

from __future__ import annotations

from jcarsr.errors import MemoryLimitError, format_bytes
from jcarsr.restoring.tiling import GRID, MIN_TILE

DEFAULT_MAX_MEMORY = 3 * 2**30
"""Bytes that restoring one picture may take in addition to the weights."""

NETWORK_MEMORY = 2 * 2**30
"""Bytes that a network takes at most, for tiles of 880 pixels at x2; the rest is the picture's."""

_STRIP_COPIES = 4  # float32 arrays as large as a strip: strip, carry, and two on the way to levels
_RESULT_COPIES = 3  # the result's levels, turned upright, and what its encoder holds


def picture_bytes(
    height: int,
    width: int,
    *,
    scale: int,
    tile: int | None,
    bytes_per_pixel: int,
    itemsize: int = 1,
    alpha: bool = False,
) -> int:
    """Bytes at the peak for a picture from decoding to encoding, about, without the weights.

    Args:
        height: of the input.
        width: of the input.
        scale: of the network.
        tile: side of a tile in input pixels; None = the whole picture at once.
        bytes_per_pixel: of the network, for each pixel of a tile.
        itemsize: bytes of a sample, 1 or 2.
        alpha: there is transparency, which is restored by itself, as a grey picture.
    """
    seen_height, seen_width = (min(tile or side, side) for side in (height, width))
    colours = height * width * 3 * itemsize
    levels = colours + colours // 3 if alpha else colours
    strip = seen_height * width * scale**2 * 3 * 4
    return (
        2 * levels
        + levels * scale**2 * _RESULT_COPIES
        + strip * _STRIP_COPIES
        + (colours * (1 + scale**2) if alpha else 0)
        + seen_height * seen_width * bytes_per_pixel
    )


def fitting_tile(
    height: int,
    width: int,
    *,
    scale: int,
    tile: int | None,
    bytes_per_pixel: int,
    max_memory: int | None,
    itemsize: int = 1,
    alpha: bool = False,
) -> int | None:
    """The largest tile up to `tile` with which the picture stays within `max_memory`.

    Neighbours share OVERLAP pixels, which are computed twice: large tiles save work. The network
    alone stays within NETWORK_MEMORY, too.

    Args:
        height: of the input.
        width: of the input.
        scale: of the network.
        tile: the largest side; None = the whole picture at once, if that fits.
        bytes_per_pixel: of the network, for each pixel of a tile.
        max_memory: bytes for all; None = no limit, also none on the network.
        itemsize: bytes of a sample, 1 or 2.
        alpha: there is transparency.

    Raises:
        MemoryLimitError: even the smallest tiles need more.
    """
    if max_memory is None:
        return tile

    def bytes_needed(side: int | None) -> int:
        return picture_bytes(
            height,
            width,
            scale=scale,
            tile=side,
            bytes_per_pixel=bytes_per_pixel,
            itemsize=itemsize,
            alpha=alpha,
        )

    def fits(side: int | None) -> bool:
        seen = min(side or height, height) * min(side or width, width)
        return seen * bytes_per_pixel <= NETWORK_MEMORY and bytes_needed(side) <= max_memory

    if fits(tile):
        return tile
    longest = min(tile or max(height, width), max(height, width))
    for side in range(longest // GRID * GRID, MIN_TILE, -GRID):
        if fits(side):
            return side
    if bytes_needed(MIN_TILE) <= max_memory:
        return MIN_TILE
    raise MemoryLimitError(
        f"needs about {format_bytes(bytes_needed(MIN_TILE))}, more than the "
        f"{format_bytes(max_memory)} allowed"
    )


def smaller_tile(tile: int | None, longest_side: int) -> int | None:
    """The next smaller tile for a picture, None if there is none that helps."""
    seen = longest_side if tile is None else min(tile, longest_side)
    return None if seen <= MIN_TILE else max(seen // 2 // GRID * GRID, MIN_TILE)
