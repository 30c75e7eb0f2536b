"""A network as a function from picture to picture: tiles in, blended strips out. numpy only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from jcarsr.errors import JCARSRError
from jcarsr.inference.engine import Engine
from jcarsr.inference.tiling import BLEND, Span, plan
from jcarsr.pixels import Pixels, to_planes

Floats: TypeAlias = npt.NDArray[np.float32]

DEFAULT_TILE = 512
"""Pixels of the input seen at once, along each side."""


class Restorer(Protocol):
    """Anything that enlarges a picture: our network, bicubic scaling, a peer."""

    @property
    def scale(self) -> int:
        """Output size over input size."""
        ...

    def restore(self, lq: Pixels) -> Pixels:
        """(H, W, 3) uint8 RGB -> (scale * H, scale * W, 3) uint8 RGB."""
        ...


class NetworkRestorer:
    """Runs an engine over a picture in overlapping tiles; keeps no state between pictures.

    Args:
        engine: the network.
        tile: side of a tile in input pixels, a multiple of 16; None = the whole picture at once.
            Memory grows with tile^2 for the network and with tile * width for the strip that is
            being blended, not with the picture's height.

    Raises:
        ValueError: `tile` is no multiple of 16 or less than 128.
    """

    def __init__(self, engine: Engine, tile: int | None = DEFAULT_TILE) -> None:
        self._engine, self._tile = engine, tile
        self._plan(1)  # a wrong tile is refused here, not at the first picture

    @property
    def scale(self) -> int:
        """Output size over input size."""
        return self._engine.scale

    def restore(
        self, lq: Pixels, on_tile: Callable[[int, int], None] = lambda done, total: None
    ) -> Pixels:
        """(H, W, 3) uint8 RGB -> (scale * H, scale * W, 3) uint8 RGB.

        Args:
            lq: the picture.
            on_tile: told (tiles done, tiles in all).

        Raises:
            JCARSRError: the network gave values that are not finite.
        """
        scale = self.scale
        height, width = lq.shape[:2]
        rows, columns = self._plan(height), self._plan(width)
        sr = np.empty((height * scale, width * scale, 3), np.uint8)
        carry = np.empty((0, width * scale, 3), np.float32)
        for index, row in enumerate(rows):
            strip = np.zeros(((row.stop - row.start) * scale, width * scale, 3), np.float32)
            for number, column in enumerate(columns):
                tile = self._run(lq[row.start : row.stop, column.start : column.stop])
                across = slice(column.start * scale, column.stop * scale)
                strip[:, across] += tile * _fade(column, scale)[:, None]
                on_tile(index * len(columns) + number + 1, len(rows) * len(columns))
            strip *= _fade(row, scale)[:, None, None]
            strip[: len(carry)] += carry
            ready = (rows[index + 1].start if index + 1 < len(rows) else height) - row.start
            sr[row.start * scale : (row.start + ready) * scale] = _to_uint8(strip[: ready * scale])
            carry = strip[ready * scale :].copy()
        return sr

    def _plan(self, length: int) -> list[Span]:
        return [Span(0, length)] if self._tile is None else plan(length, self._tile)

    def _run(self, lq: Pixels) -> Floats:
        sr = self._engine.run(to_planes(lq))[0].transpose(1, 2, 0)
        if not np.isfinite(sr).all():
            raise JCARSRError("the network gave values that are not finite")
        return sr


def _fade(span: Span, scale: int) -> Floats:
    """Weight of every output pixel of a span; the weights of all spans sum to one everywhere."""
    at = (np.arange(span.start * scale, span.stop * scale) + 0.5) / scale
    weight = np.ones_like(at)
    if span.fade_in is not None:
        weight *= np.clip((at - span.fade_in) / BLEND + 0.5, 0, 1)
    if span.fade_out is not None:
        weight *= np.clip((span.fade_out - at) / BLEND + 0.5, 0, 1)
    return weight.astype(np.float32)


def _to_uint8(x: Floats) -> Pixels:
    return (x * 255).round().clip(0, 255).astype(np.uint8)
