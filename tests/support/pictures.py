"""Pictures to write, and what was written."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
from PIL import Image

from jcarsr.pixels import Pixels

DEEP = np.random.default_rng(0).integers(0, 65_536, (9, 11, 4)).astype(np.uint16)


def open_image(path: Path, mode: str = "RGB") -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))


def stored(path: Path) -> Pixels:
    """A picture's samples, of as many channels and bits as its file has."""
    with Image.open(path) as image:
        return np.asarray(image)


def xmp_value(image: Image.Image, name: tuple[str, str]) -> str | None:
    """The text of a simple property in an opened image's XMP data, None if there is none."""
    if "xmp" not in image.info:
        return None
    found = ElementTree.fromstring(image.info["xmp"]).find(f".//{{{name[0]}}}{name[1]}")
    return None if found is None else found.text
