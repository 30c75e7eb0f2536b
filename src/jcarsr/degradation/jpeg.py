"""JPEG at a quality factor, by Pillow (libjpeg-turbo): a real codec, its version recorded."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from PIL import Image, features

from jcarsr.pixels import Pixels

Subsampling = Literal["4:2:0", "4:2:2", "4:4:4"]


def encode(pixels: Pixels, qf: int, subsampling: Subsampling = "4:2:0") -> bytes:
    """A baseline JPEG file of `pixels`.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        qf: quality factor of the IJG tables, 1 to 100.
        subsampling: of the chroma planes.

    Raises:
        ValueError: `qf` is out of range.
    """
    if not 1 <= qf <= 100:
        raise ValueError(f"qf must be between 1 and 100, got {qf!r}")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=qf, subsampling=subsampling)
    return file.getvalue()


def decode(data: bytes) -> Pixels:
    """The (H, W, 3) uint8 RGB pixels of a JPEG file's bytes."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return np.array(image.convert("RGB"))


def codec_version() -> str:
    """Name and versions of the codec: encoders are not interchangeable to the last bit."""
    turbo = features.version_feature("libjpeg_turbo")
    return f"Pillow {features.version('pil')}, libjpeg-turbo {turbo}"
