"""An animation -> the same with every frame restored."""

from __future__ import annotations

from dataclasses import replace

from jcarsr.errors import MemoryLimitError, format_bytes
from jcarsr.image.picture import Animation, Picture
from jcarsr.progress import OnTile, ignore_progress, pass_of
from jcarsr.restoring.mix import Mix, compose_mix

_BYTES = 12
"""Of a pixel of a frame: RGB and alpha, as an array, as Pillow's image and in its encoder."""


def animate(
    animation: Animation,
    mix: Mix,
    size: tuple[int, int],
    on_tile: OnTile = ignore_progress,
    max_memory: int | None = None,
) -> tuple[Animation, int]:
    """Restore every frame; also gives how many tiles had to be repeated in float32.

    Args:
        animation: as decoded.
        mix: the networks.
        size: (width, height) of the result.
        on_tile: called with (tiles done, tiles in all).
        max_memory: bytes that the restored frames may take; None = no limit.

    Raises:
        MemoryLimitError: they would take more.
        JCARSRError: as `compose_mix`, or a frame cannot be decoded.
    """
    if max_memory is not None:
        check_film(len(animation), size, max_memory)
    frames: list[Picture] = []
    repeated = 0
    for index, frame in enumerate(animation.decode_frames()):
        on_own_tile = pass_of(on_tile, index, len(animation))
        result = compose_mix(frame, mix, size, on_own_tile).composed
        repeated += result.full_precision_tiles
        frames.append(result.picture)
    return replace(animation, size=size, decode_frames=lambda: iter(frames)), repeated


def check_film(frames: int, size: tuple[int, int], max_memory: int) -> None:
    """See whether all restored frames can be held, and written.

    Args:
        frames: how many.
        size: (width, height) of each.
        max_memory: bytes that they may take.

    Raises:
        MemoryLimitError: they would take more.
    """
    needed = size[0] * size[1] * _BYTES * frames
    if needed > max_memory:
        raise MemoryLimitError(
            f"{frames} frames need {format_bytes(needed)}, "
            f"more than the {format_bytes(max_memory)} allowed"
        )
