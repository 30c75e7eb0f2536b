"""A network as a function from picture to picture: tiles in, blended strips out. numpy only."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jcarsr.engines.base import Engine
from jcarsr.errors import JCARSRError, MemoryLimitError
from jcarsr.jpeg.last_save import LastSave
from jcarsr.pixels import Floats, Pixels, Planes, Samples, Tables, to_planes, to_samples
from jcarsr.progress import OnTile, ignore_progress
from jcarsr.restoring.memory import fitting_tile, smaller_tile
from jcarsr.restoring.tiling import BLEND, Span, plan

DEFAULT_TILE = 1024
"""Pixels of the input seen at once along each side, if memory allows."""


class Enlarger(Protocol):
    """Anything that enlarges a picture: our network, bicubic scaling, a peer."""

    @property
    def scale(self) -> int:
        """Output size over input size."""
        ...

    def restore(self, lq: Pixels) -> Pixels:
        """(H, W, 3) uint8 RGB -> (scale * H, scale * W, 3) uint8 RGB."""
        ...


@dataclass(frozen=True)
class RestoredSamples:
    """A restored picture and what it took."""

    samples: Samples
    """(scale * H, scale * W, 3), of the input's type."""
    tile: int | None
    """Side of the tiles that were small enough; None = the whole picture at once."""
    full_precision_tiles: int
    """Tiles whose values were not finite at first."""


class NetworkRestorer:
    """Runs an engine over a picture in overlapping tiles; keeps no state between pictures.

    Args:
        engine: the network.
        tile: largest side of a tile in input pixels, a multiple of 16; None = the whole picture at
            once. Memory grows with tile^2 for the network and with tile * width for the strip
            that is being blended, not with the picture's height.
        max_memory: bytes that one picture may take, by `picture_bytes`: tiles are as large as
            fits. None = no limit.
        keep_mean: give every tile the mean colour of its input, from which networks drift by up to
            two levels; False for outputs that are not the picture itself.
        reads_tables: the network reads the tables of a picture's last save; see `reading`.

    Raises:
        ValueError: `tile` is no multiple of 16 or less than 320.
    """

    def __init__(
        self,
        engine: Engine,
        tile: int | None = DEFAULT_TILE,
        max_memory: int | None = None,
        *,
        keep_mean: bool = True,
        reads_tables: bool = False,
    ) -> None:
        self._engine, self._tile, self._max_memory = engine, tile, max_memory
        self._keep_mean = keep_mean
        self._tables: Tables | None = LastSave().tables if reads_tables else None
        _spans(1, tile)  # a wrong tile is refused here, not at the first picture

    @property
    def scale(self) -> int:
        """Output size over input size."""
        return self._engine.scale

    def reading(self, last_save: LastSave) -> NetworkRestorer:
        """The same for a picture that was saved so; itself if the network reads no tables."""
        if self._tables is None:
            return self
        other = copy(self)
        other._tables = last_save.tables
        return other

    def restore(self, lq: Samples, on_tile: OnTile = ignore_progress) -> Samples:
        """(H, W, 3) uint8 or uint16 RGB -> (scale * H, scale * W, 3) of the same type.

        Args:
            lq: the picture.
            on_tile: called with (tiles done, tiles in all).

        Raises:
            MemoryLimitError: even the smallest tiles need too much memory.
            JCARSRError: the network gave values that are not finite, in float32 too.
        """
        return self.run(lq, on_tile).samples

    def run(
        self, lq: Samples, on_tile: OnTile = ignore_progress, *, alpha: bool = False
    ) -> RestoredSamples:
        """As `restore`, and says what it took. Out of memory, it tries again with smaller tiles.

        Args:
            lq: the picture.
            on_tile: called with (tiles done, tiles in all).
            alpha: memory is to be left for transparency.
        """
        height, width = lq.shape[:2]
        tile = fitting_tile(
            height,
            width,
            scale=self.scale,
            tile=self._tile,
            bytes_per_pixel=self._engine.bytes_per_pixel,
            max_memory=self._max_memory,
            itemsize=lq.itemsize,
            alpha=alpha,
        )
        while True:
            try:
                return self._in_tiles(lq, tile, on_tile)
            except (MemoryError, MemoryLimitError) as error:
                tile = smaller_tile(tile, max(height, width))
                if tile is None:
                    size = f"{width * self.scale}x{height * self.scale}"
                    raise MemoryLimitError(f"not enough memory for a result of {size}") from error

    def _in_tiles(self, lq: Samples, tile: int | None, on_tile: OnTile) -> RestoredSamples:
        scale = self.scale
        height, width = lq.shape[:2]
        rows, columns = _spans(height, tile), _spans(width, tile)
        if len(rows) == len(columns) == 1:  # nothing to blend
            whole, again = self._run(lq)
            on_tile(1, 1)
            sr = np.ascontiguousarray(to_samples(whole, lq.dtype))
            return RestoredSamples(sr, tile, int(again))
        sr = np.empty((height * scale, width * scale, 3), lq.dtype)
        carry = np.empty((0, width * scale, 3), np.float32)
        repeated = 0
        for index, row in enumerate(rows):
            strip = np.zeros(((row.stop - row.start) * scale, width * scale, 3), np.float32)
            for number, column in enumerate(columns):
                part, again = self._run(lq[row.start : row.stop, column.start : column.stop])
                repeated += again
                across = slice(column.start * scale, column.stop * scale)
                strip[:, across] += part * _fade(column, scale)[:, None]
                on_tile(index * len(columns) + number + 1, len(rows) * len(columns))
            strip *= _fade(row, scale)[:, None, None]
            strip[: len(carry)] += carry
            ready = (rows[index + 1].start if index + 1 < len(rows) else height) - row.start
            done = slice(row.start * scale, (row.start + ready) * scale)
            sr[done] = to_samples(strip[: ready * scale], lq.dtype)
            carry = strip[ready * scale :].copy()
        return RestoredSamples(sr, tile, repeated)

    def _run(self, lq: Samples) -> tuple[Floats, bool]:
        """One tile, and whether it had to be computed again in float32."""
        planes = to_planes(lq)
        sr = self._compute(planes, full_precision=lq.itemsize > 1)  # bfloat16 is too coarse
        again = not np.isfinite(sr).all()
        if again:
            sr = self._compute(planes, full_precision=True)
            if not np.isfinite(sr).all():
                raise JCARSRError("the network gave values that are not finite")
        if self._keep_mean:
            sr = sr + _mean(planes) - _mean(sr.clip(0, 1))
        return sr[0].transpose(1, 2, 0), again

    def _compute(self, planes: Planes, *, full_precision: bool) -> Planes:
        if self._tables is None:
            return self._engine.run(planes, full_precision=full_precision)
        return self._engine.run(planes, full_precision=full_precision, tables=self._tables)


def _spans(length: int, tile: int | None) -> list[Span]:
    return [Span(0, length)] if tile is None else plan(length, tile)


def _mean(planes: Planes) -> Planes:
    """(1, 3, H, W) -> (1, 3, 1, 1)"""
    return planes.mean(axis=(2, 3), dtype=np.float64, keepdims=True).astype(np.float32)


def _fade(span: Span, scale: int) -> Floats:
    """Weight of every output pixel of a span; the weights of all spans sum to one everywhere."""
    at = (np.arange(span.start * scale, span.stop * scale) + 0.5) / scale
    weight = np.ones_like(at)
    if span.fade_in is not None:
        weight *= np.clip((at - span.fade_in) / BLEND + 0.5, 0, 1)
    if span.fade_out is not None:
        weight *= np.clip((span.fade_out - at) / BLEND + 0.5, 0, 1)
    return weight.astype(np.float32)
