"""JPEG encoding and decoding by Pillow (libjpeg-turbo): a real codec."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from jcarsr.jpeg.subsampling import Subsampling
from jcarsr.pixels import Pixels


def encode(
    pixels: Pixels,
    qf: int,
    subsampling: Subsampling = "4:2:0",
    tables: Sequence[Sequence[int]] | None = None,
) -> bytes:
    """Encode `pixels` as a baseline JPEG file.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        qf: quality factor of the IJG tables, 1 to 100; unused where `tables` are given.
        subsampling: of the chroma planes.
        tables: luma and chroma quantisation tables, 64 steps each, row by row.

    Raises:
        ValueError: `qf` is out of range.
    """
    if not 1 <= qf <= 100:
        raise ValueError(f"qf must be between 1 and 100, got {qf!r}")
    chosen = {"quality": qf} if tables is None else {"qtables": [list(t) for t in tables]}
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", subsampling=subsampling, **chosen)
    return file.getvalue()


def decode(data: bytes) -> Pixels:
    """Decode a JPEG file to (H, W, 3) uint8 RGB pixels."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return np.array(image.convert("RGB"))
