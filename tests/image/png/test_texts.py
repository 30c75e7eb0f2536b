"""A PNG's texts, as Pillow reads them in results."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo, iTXt

from jcarsr.image import Animation, Picture, SaveOptions, decode, save
from jcarsr.image.facts import facts

TEXTS = {
    "Title": "Zürich am See",
    "parameters": "a cat, 猫, steps: 20 " * 100,
    "workflow": '{"nodes": []}' * 200,
    "Comment": "kept",
}
OTHERS = {"Raw profile type exif": "\nexif\n       0\n\n", "XML:com.adobe.xmp": "<x/>"}


def png(
    texts: dict[str, str] = TEXTS, *, late: bool = False, mode: str = "RGB", **options: Any
) -> bytes:
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text, zip=len(text) > 1_000)
    stream = io.BytesIO()
    Image.new(mode, (12, 10)).save(stream, "PNG", pnginfo=info, **options)
    return moved(stream.getvalue()) if late else stream.getvalue()


def moved(data: bytes) -> bytes:
    """The same PNG with its texts, which stand before its pixels, behind them."""
    pixels, end = data.index(b"IDAT") - 4, len(data) - 12
    first = min(data.find(kind) - 4 for kind in (b"tEXt", b"zTXt", b"iTXt") if kind in data)
    return data[:first] + data[pixels:end] + data[first:pixels] + data[end:]


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


@pytest.mark.parametrize("late", [False, True])
def test_repeated_and_translated_ones_stay(tmp_path: Path, late: bool) -> None:
    info = PngInfo()
    for author in ("Anna", "Bert"):
        info.add_text("Author", author)
    info.add_itxt("Title", "Am See", "de", "Titel", zip=True)
    info.add_text("Author", "Cleo")
    stream = io.BytesIO()
    Image.new("RGB", (12, 10)).save(stream, "PNG", pnginfo=info)
    picture = read(moved(stream.getvalue()) if late else stream.getvalue())
    assert save(picture, tmp_path / "a.png") == ()
    data = (tmp_path / "a.png").read_bytes()
    places = [data.index(b"Author\0" + name) for name in (b"Anna", b"Bert", b"Cleo")]
    assert places == sorted(places)
    with Image.open(tmp_path / "a.png") as image:
        assert isinstance(image, PngImageFile)
        title = image.text["Title"]
    assert isinstance(title, iTXt)
    assert (title, title.lang, title.tkey) == ("Am See", "de", "Titel")


PILLOWS = """
transparency interlace bbox gamma icc_profile exif xmp dpi loop duration chromaticity srgb
default_image
"""


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("keyword", [*PILLOWS.split(), "jcarsr: left out", "jcarsr: texts"])
def test_no_keyword_costs_the_picture(tmp_path: Path, keyword: str, late: bool) -> None:
    """Pillow puts texts among its own facts."""
    texts = {keyword: "hello", "Title": "a"}
    for mode in ("RGB", "L") if late else ("RGB", "L", "P"):  # a palette would be moved, too
        picture = read(png(texts, late=late, mode=mode))
        assert isinstance(picture, Picture)
        assert (picture.notes, picture.alpha) == ((), None)
        save(picture, tmp_path / "a.png")
        data = (tmp_path / "a.png").read_bytes()
        assert keyword.encode() + b"\0hello" in data
        assert facts(io.BytesIO(data)).texts == tuple(texts)
