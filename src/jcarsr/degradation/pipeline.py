"""hr -> (lr, lq): the paper's order (section 3.1): bicubic down-scaling, then JPEG."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from jcarsr.degradation import jpeg, resize
from jcarsr.pixels import Pixels, to_pixels


class Degraded(NamedTuple):
    """Both are (H, W, 3) uint8 RGB."""

    lr: Pixels  # the clean low-resolution picture
    lq: Pixels  # lr after JPEG: the network's input


@dataclass(frozen=True, kw_only=True)
class Compression:
    """Settings of one JPEG compression: the record of what was done to a picture."""

    qf: int
    subsampling: jpeg.Subsampling = "4:2:0"

    def __call__(self, lr: Pixels) -> Pixels:
        """What is left of `lr` after the file is written and read."""
        return jpeg.decode(jpeg.encode(lr, self.qf, self.subsampling))


def low_resolution(hr: Pixels, scale: int, *, exact: bool = True) -> Pixels:
    """Bicubic down-scaling, rounded to 8 bits; float32 instead of float64 unless `exact`.

    (scale * H, scale * W, 3) -> (H, W, 3) uint8. float32 moves at most 7e-5 of the values by one
    level and takes less time and half the memory.
    """
    return to_pixels(resize.downscale(hr.astype(np.float64 if exact else np.float32), scale))


def degrade(hr: Pixels, scale: int, compression: Compression) -> Degraded:
    """The two low-resolution pictures of `hr`, whose sizes must be multiples of `scale`."""
    lr = low_resolution(hr, scale)
    return Degraded(lr, compression(lr))


def draw_compressions(
    qfs: Sequence[int], share_444: float, *, seed: int | str
) -> tuple[Compression, ...]:
    """One compression per quality factor; the seed decides which keep full chroma (4:4:4).

    Args:
        qfs: quality factors, in the order of the result.
        share_444: probability of 4:4:4, in [0, 1]; the others are 4:2:0.
        seed: for example a picture's name: the same seed gives the same compressions.
    """
    rng = random.Random(seed)
    return tuple(
        Compression(qf=qf, subsampling="4:4:4" if rng.random() < share_444 else "4:2:0")
        for qf in qfs
    )
