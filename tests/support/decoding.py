"""Pictures as files in memory, and what `decode` makes of them."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import Animation, Picture, ReadOptions, decode
from jcarsr.image.facts import facts
from jcarsr.pixels import Pixels

COLOURS = ("red", "lime", "blue", "white")


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def still(data: bytes, **options: Any) -> Picture:
    picture = decode(io.BytesIO(data), ReadOptions(**options))
    assert isinstance(picture, Picture)
    return picture


def animation(data: bytes, **options: Any) -> Animation:
    picture = decode(io.BytesIO(data), ReadOptions(**options))
    assert isinstance(picture, Animation)
    return picture


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(ImageError) as error:
        decode(io.BytesIO(data), ReadOptions(**options))
    assert "\n" not in str(error.value)
    return str(error.value)


def by_pillow(data: bytes, mode: str = "RGB") -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert(mode))


def difference(a: Any, b: Any) -> float:
    return float(np.abs(np.asarray(a).astype(int) - np.asarray(b)).mean())


def plain(colours: Sequence[str] = COLOURS, size: tuple[int, int] = (12, 10)) -> list[Image.Image]:
    return [Image.new("RGB", size, colour) for colour in colours]


def moving(frames: list[Image.Image], format: str, **options: Any) -> bytes:
    return saved(frames[0], format, save_all=True, append_images=frames[1:], **options)


def refusal_of_all(data: bytes) -> str:
    """The one message with which both decoding and looking at a file refuse it."""
    messages = set[str]()
    for read in (decode, facts):
        with pytest.raises(ImageError) as error:
            read(io.BytesIO(data))
        messages.add(str(error.value))
    (message,) = messages
    return message
