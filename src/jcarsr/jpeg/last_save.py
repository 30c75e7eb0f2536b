"""What a picture's file says of its last save."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.jpeg.quality import quality_of
from jcarsr.jpeg.subsampling import subsampling_name
from jcarsr.pixels import Tables


@dataclass(frozen=True, kw_only=True)
class LastSave:
    """How pixels were saved last, as far as their file says."""

    format: str | None = None
    """Pillow's name: JPEG, PNG, ...; None = pixels without a file."""
    luma: tuple[int, ...] | None = None
    """A JPEG's 64 luma steps, row by row."""
    chroma: tuple[int, ...] | None = None
    """Its 64 chroma steps; None in a grey one."""
    subsampling: str | None = None
    """Of its chroma: 4:2:0, ..., grey, other."""
    qf: int | None = None
    """A JPEG's quality, the nearest on libjpeg's scale."""

    @property
    def tables(self) -> Tables:
        """The steps for luma and chroma, (1, 2, 8, 8).

        A grey JPEG's luma steps count for chroma, too; where there are none, every step is 1: a
        save without loss.
        """
        luma = self.luma or (1,) * 64
        steps = np.array((luma, self.chroma or luma), np.float32)
        return np.maximum(steps, 1).reshape(1, 2, 8, 8)


def last_save_of(image: Image.Image) -> LastSave:
    """What an opened image's header says; nothing for one that was made in memory."""
    if not isinstance(image, JpegImageFile):
        return LastSave(format=image.format)
    quality = quality_of(image)
    tables = [image.quantization.get(number) for *_, number in image.layer]
    luma, chroma = (tuple(t) if t else None for t in (*tables[:2], None, None)[:2])
    return LastSave(
        format="JPEG",
        luma=luma,
        chroma=chroma,
        subsampling=subsampling_name([(layer[1], layer[2]) for layer in image.layer]),
        qf=None if quality is None else quality.value,
    )
