"""The tile plan: pure integers. No network, no device, no pixels.

Tiles begin on the 16-pixel grid of a 4:2:0 JPEG, so that every tile sees the blocks as the network
saw them in training.
"""

from __future__ import annotations

from dataclasses import dataclass

from jcarsr.jpeg.grid import MCU

GRID = MCU
OVERLAP = 48  # pixels that two neighbours share at least
BLEND = 16  # pixels in the middle of what they share over which one fades into the other
MIN_TILE = 320  # pixels; smaller tiles agree with the whole picture within less than 50 dB


@dataclass(frozen=True)
class Span:
    """A tile along one axis: pixels `start` to `stop` are seen.

    `fade_in` and `fade_out` are the middles of the blends with the neighbours, None at a border
    of the picture.
    """

    start: int
    stop: int
    fade_in: int | None = None
    fade_out: int | None = None


def plan(length: int, tile: int) -> list[Span]:
    """Cover `length` pixels with as few spans of at most `tile` as can be, all of nearly one size.

    They are no larger than needed, but for MIN_TILE, and share at least OVERLAP.

    Raises:
        ValueError: `tile` is not a multiple of GRID or is less than MIN_TILE.

    >>> plan(700, 512)
    [Span(start=0, stop=384, fade_in=None, fade_out=352), \
Span(start=320, stop=700, fade_in=352, fade_out=None)]
    """
    if tile % GRID or tile < MIN_TILE:
        raise ValueError(f"tile must be a multiple of {GRID} from {MIN_TILE} on, got {tile}")
    if length <= tile:
        return [Span(0, length)]
    count = -(-(length - OVERLAP) // (tile - OVERLAP))
    needed = -(-(length + (count - 1) * OVERLAP) // count)
    side = max(-(-needed // GRID) * GRID, MIN_TILE)
    last = -(-(length - side) // GRID)  # start of the last span, in grid steps
    starts = [index * last // (count - 1) * GRID for index in range(count)]
    stops = [min(start + side, length) for start in starts]
    middles = [(start + stop) // 2 for start, stop in zip(starts[1:], stops[:-1], strict=True)]
    return [
        Span(*span) for span in zip(starts, stops, [None, *middles], [*middles, None], strict=True)
    ]
