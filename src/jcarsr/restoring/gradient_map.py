"""The gradient branch's map as a picture (the paper's Fig. 10)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jcarsr.image.picture import Metadata, Picture
from jcarsr.pixels import to_samples
from jcarsr.progress import OnTile, ignore_progress
from jcarsr.restoring.restorer import NetworkRestorer


def gradient_map(
    picture: Picture,
    gradient: NetworkRestorer,
    on_tile: OnTile = ignore_progress,
) -> Picture:
    """Where the network expects edges, from black (none) to white (the picture's strongest).

    Sobel magnitudes of the three colours, stretched so that the highest value is white.

    Args:
        picture: the input.
        gradient: a restorer whose engine is asked for the gradient.
        on_tile: called with (tiles done, tiles in all).
    """
    fine = picture.samples  # computed in 16 bits: most edges are weak
    if fine.dtype == np.uint8:
        fine = fine.astype(np.uint16) * 257
    magnitudes = gradient.restore(fine, on_tile).astype(np.float32)
    stretched = to_samples(magnitudes / max(float(magnitudes.max()), 1.0), np.uint8)
    return replace(
        picture,
        samples=stretched,
        alpha=None,
        grey=False,
        metadata=Metadata(),
        notes=(),
        jpeg=None,
    )
