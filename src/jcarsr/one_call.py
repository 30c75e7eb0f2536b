"""The library's quickest way: one call, a picture in, a restored picture out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import Image

from jcarsr.api import Restorer
from jcarsr.pixels import Pixels
from jcarsr.restoring.target import Target
from jcarsr.weights import find, lasting_name


def restore(
    picture: str | Path | Image.Image | Pixels,
    *,
    scale: int | None = None,
    weights: str | None = None,
    device: str = "auto",
    strength: float = 1.0,
    crisp: float = 0.0,
) -> Image.Image:
    """Remove JPEG artifacts from a picture and enlarge it.

    Args:
        picture: a file, a Pillow image, or (H, W, 3) uint8 RGB pixels.
        scale: 1 (artifacts only), 2 or 4; None = 2, or what `weights` do.
        weights: bundled weights or a weight file; None = the bundled weights for `scale`.
        device: as `Restorer`.
        strength: how much is restored, from 0 (bicubic enlargement alone) to 1.
        crisp: from 0 (the faithful picture) to 1 (that of the crisp weights).

    Returns:
        an upright 8-bit Pillow image, `scale` times as wide and high, with the colour profile.

    Raises:
        ImageError: the file cannot be read as a picture, or is an animation.
        MemoryLimitError: it needs more than 3 GiB.
        TypeError: `picture` is of another kind.
        WeightsError: no such weights.
        ValueError: `scale` is another number, or not what `weights` do, `strength` or `crisp` is
            not from 0 to 1, the device is not there, or the pixels are not (H, W, 3) uint8.

    >>> import numpy as np
    >>> from jcarsr import restore
    >>> restore(np.zeros((20, 30, 3), np.uint8), scale=2).size
    (60, 40)
    """
    name, state = None if weights is None else lasting_name(weights), (0, 0)
    if name is not None:
        about = find(name).stat()
        state = about.st_mtime_ns, about.st_size
    restorer = _shared_restorer(name, state, device)
    target = None if scale is None else Target(scale=scale)
    return restorer.restore(picture, target, strength=strength, crisp=crisp)


@lru_cache(maxsize=4)
def _shared_restorer(weights: str | None, state: tuple[int, int], device: str) -> Restorer:
    """One for each file as it is: `state` differs where another was put in its place."""
    del state
    return Restorer(weights, device=device)
