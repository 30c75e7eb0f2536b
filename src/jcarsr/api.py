"""The library's front door: a picture in, a restored picture out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import Picture, decode, from_pillow, upright
from jcarsr.inference.restorer import DEFAULT_TILE, NetworkRestorer
from jcarsr.pixels import Pixels
from jcarsr.weights import default_name, find, read

if TYPE_CHECKING:
    from jcarsr.inference.torch_engine import Device


def load(
    name: str | None = None,
    *,
    scale: int = 2,
    device: Device = "auto",
    tile: int | None = DEFAULT_TILE,
) -> NetworkRestorer:
    """A restorer to use many times, from several threads if need be.

    Args:
        name: bundled weights or a weight file; None = the bundled weights for `scale`.
        scale: 2 or 4; ignored if `name` is given.
        device: auto takes a GPU if there is one.
        tile: side of a tile in input pixels, a multiple of 16; None = the whole picture at once.

    Raises:
        WeightsError: no such weights, or they are damaged.
        ValueError: the device is not there, or `tile` is wrong.
    """
    from jcarsr.inference.torch_engine import TorchEngine

    path = find(name or default_name(scale))
    return NetworkRestorer(TorchEngine(read(path), device), tile)


def restore(
    picture: str | Path | Image.Image | Pixels,
    *,
    scale: int = 2,
    weights: str | None = None,
    device: Device = "auto",
) -> Image.Image:
    """Remove JPEG artifacts from a picture and enlarge it.

    Args:
        picture: a file, a Pillow image, or (H, W, 3) uint8 RGB pixels.
        scale: 2 or 4.
        weights: bundled weights or a weight file; None = the bundled weights for `scale`.
        device: auto takes a GPU if there is one.

    Returns:
        an RGB Pillow image, `scale` times as wide and high, upright.

    Raises:
        ImageError: the file cannot be read as a picture.
        WeightsError: no such weights.

    >>> import numpy as np
    >>> from jcarsr import restore
    >>> restore(np.zeros((20, 30, 3), np.uint8), scale=2).size
    (60, 40)
    """
    if isinstance(picture, str | Path):
        try:
            decoded = decode(picture)
        except ImageError as error:
            raise ImageError(f"{picture}: {error}") from error
    elif isinstance(picture, Image.Image):
        decoded = from_pillow(picture)
    else:
        decoded = Picture(_checked(picture))
    sr = _cached_load(weights, scale, device).restore(decoded.pixels)
    return upright(Picture(sr, decoded.orientation, decoded.icc_profile))


@lru_cache(maxsize=4)
def _cached_load(name: str | None, scale: int, device: Device) -> NetworkRestorer:
    return load(name, scale=scale, device=device)


def _checked(pixels: Pixels) -> Pixels:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(f"pixels must be (H, W, 3) uint8, got {pixels.shape} {pixels.dtype}")
    return pixels
