"""A JPEG's components as they are coded: luma and chroma at their own sizes, with their steps."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.jpeg.grid import BLOCK
from jcarsr.jpeg.subsampling import subsampling_name
from jcarsr.pixels import Floats

_RGB = (ord("R"), ord("G"), ord("B"))  # component numbers of JPEGs that hold no luma


@dataclass(frozen=True, kw_only=True, eq=False)
class Component:
    """One component."""

    samples: npt.NDArray[np.uint8]
    """(H / down, W / across), rounded up."""
    steps: Floats
    """(8, 8): vertical, then horizontal frequency."""
    across: int = 1
    """Pixels of the picture that a sample spans."""
    down: int = 1


def read_components(data: bytes) -> tuple[Component, ...]:
    """Decode a JPEG's components: luma alone in a grey one, and where chroma cannot be had.

    Chroma is had at 4:4:4 and 4:2:0. At half the size libjpeg decodes 4:2:0's chroma from whole
    blocks and enlarges nothing.

    Returns:
        luma, or luma, Cb and Cr; nothing for what has no luma (RGB, CMYK) or lacks a table.

    Raises:
        OSError: it cannot be decoded.
    """
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        assert isinstance(image, JpegImageFile)
        layers = image.layer
        steps = [_steps(image.quantization.get(table)) for *_, table in layers]
        name = subsampling_name([(layer[1], layer[2]) for layer in layers])
        if image.mode not in ("L", "RGB") or _holds_rgb(image) or any(s is None for s in steps):
            return ()
        grey = image.mode == "L"
    luma, *chroma = [s for s in steps if s is not None]
    planes = _decode(data, half=False)
    if grey or name not in ("4:4:4", "4:2:0"):
        return (Component(samples=planes[..., 0], steps=luma),)
    factor = 1
    if name == "4:2:0":
        if min(planes.shape[:2]) < 2 * BLOCK:
            return (Component(samples=planes[..., 0], steps=luma),)
        factor, halves = 2, _decode(data, half=True)
    else:
        halves = planes
    others = [
        Component(samples=halves[..., index], steps=own, across=factor, down=factor)
        for index, own in enumerate(chroma, start=1)
    ]
    return (Component(samples=planes[..., 0], steps=luma), *others)


def _decode(data: bytes, *, half: bool) -> npt.NDArray[np.uint8]:
    """(H, W, 3) YCbCr, or (H, W, 1) where it is grey; at half the size if asked for."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        size = (image.width // 2, image.height // 2) if half else image.size
        image.draft("L" if image.mode == "L" else "YCbCr", size)
        planes = np.asarray(image)
    return planes[..., None] if planes.ndim == 2 else planes


def _holds_rgb(image: JpegImageFile) -> bool:
    """Whether libjpeg takes the components as red, green and blue."""
    if len(image.layer) != 3 or "jfif" in image.info:
        return False
    if "adobe_transform" in image.info:
        return image.info["adobe_transform"] == 0
    return tuple(layer[0] for layer in image.layer) == _RGB


def _steps(table: list[int] | None) -> Floats | None:
    if table is None:
        return None
    return np.maximum(np.array(table, np.float32).reshape(BLOCK, BLOCK), 1)
