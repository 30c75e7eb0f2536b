"""Pictures to write, and what was written."""

from pathlib import Path

import numpy as np
from PIL import Image

from jcarsr.pixels import Pixels

DEEP = np.random.default_rng(0).integers(0, 65_536, (9, 11, 4)).astype(np.uint16)


def opened(path: Path, mode: str = "RGB") -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))
