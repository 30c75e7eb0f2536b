"""What a picture's file says of its last save."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.image.jpeg_quality import quality_of


@dataclass(frozen=True, kw_only=True)
class LastSave:
    """How pixels were saved last, as far as their file tells."""

    format: str | None = None  # Pillow's name: JPEG, PNG, ...; None = pixels without a file
    luma: tuple[int, ...] | None = None  # a JPEG's 64 luma steps, row by row
    qf: int | None = None  # a JPEG's quality, the nearest on libjpeg's scale


def last_save_of(image: Image.Image) -> LastSave:
    """What an opened image's header says; nothing for one that was made in memory."""
    if not isinstance(image, JpegImageFile):
        return LastSave(format=image.format)
    quality = quality_of(image)
    table = image.quantization.get(image.layer[0][3]) if image.layer else None
    return LastSave(
        format="JPEG",
        luma=None if table is None else tuple(table),
        qf=None if quality is None else quality.value,
    )
