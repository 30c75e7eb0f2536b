"""A PNG's texts, as Pillow reads them in results."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from jcarsr.image import Animation, Picture, SaveOptions, decode, save
from jcarsr.image.facts import facts

TEXTS = {
    "Title": "Zürich am See",
    "parameters": "a cat, 猫, steps: 20 " * 100,
    "workflow": '{"nodes": []}' * 200,
    "Comment": "kept",
}
OTHERS = {"Raw profile type exif": "\nexif\n       0\n\n", "XML:com.adobe.xmp": "<x/>"}


def png(texts: dict[str, str] = TEXTS, *, late: bool = False, **options: Any) -> bytes:
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text, zip=len(text) > 1_000)
    stream = io.BytesIO()
    Image.new("RGB", (12, 10)).save(stream, "PNG", pnginfo=info, **options)
    data = stream.getvalue()
    if late:  # all chunks between the header and the pixels go behind them
        pixels, end = data.index(b"IDAT") - 4, len(data) - 12
        data = data[:33] + data[pixels:end] + data[33:pixels] + data[end:]
    return data


def read(data: bytes) -> Picture | Animation:
    return decode(io.BytesIO(data))


def texts_of(path: Path) -> dict[str, str]:
    with Image.open(path) as image:
        assert isinstance(image, PngImageFile)
        return dict(image.text)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_they_stay_from_png_to_png(tmp_path: Path, deep: bool, late: bool) -> None:
    picture = read(png(TEXTS | OTHERS, late=late))
    assert isinstance(picture, Picture)
    if deep:
        picture = replace(picture, samples=picture.samples.astype(np.uint16) * 257)
    assert save(picture, tmp_path / "a.png") == ()
    found = texts_of(tmp_path / "a.png")
    assert {key: found[key] for key in TEXTS} == TEXTS
    assert "Raw profile type exif" not in found
    save(picture, tmp_path / "b.png", SaveOptions(strip_metadata=True))
    assert texts_of(tmp_path / "b.png") == {}


def test_animations_keep_theirs(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (12, 10), colour) for colour in ("red", "teal")]
    picture = read(png(save_all=True, append_images=frames))
    assert isinstance(picture, Animation)
    save(picture, tmp_path / "a.png")
    assert texts_of(tmp_path / "a.png") == TEXTS


@pytest.mark.parametrize("format", ["jpg", "webp", "avif", "tiff"])
def test_elsewhere_they_are_noted(tmp_path: Path, format: str) -> None:
    notes = save(read(png({"Title": "a", "parameters": "b"})), tmp_path / f"a.{format}")
    assert notes == (f"its text (Title, parameters), which {format} cannot hold, was left out",)


@pytest.mark.parametrize("late", [False, True])
def test_facts_name_them(late: bool) -> None:
    assert facts(io.BytesIO(png(TEXTS | OTHERS, late=late))).texts == tuple(TEXTS)
