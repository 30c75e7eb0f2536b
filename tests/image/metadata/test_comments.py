"""Comments of JPEG and GIF, and where they are found again."""

import io
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jcarsr.image import Animation, Picture, SaveOptions, decode, save

COMMENTS = [b"Scanned by Grandpa, 1998 Z\xfcrich", "Zürich, 猫".encode()]
TEXTS = ["Scanned by Grandpa, 1998 Zürich", "Zürich, 猫"]


def commented(comments: list[bytes]) -> Picture:
    stream = io.BytesIO()
    segments = b"".join(b"\xff\xfe" + struct.pack(">H", len(c) + 2) + c for c in comments)
    Image.new("RGB", (12, 10)).save(stream, "JPEG", extra=segments)
    picture = decode(io.BytesIO(stream.getvalue()))
    assert isinstance(picture, Picture)
    return picture


def segments_of(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 2
    while data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        if data[at + 1] == 0xFE:
            found.append(data[at + 4 : at + 2 + length])
        at += 2 + length
    return found


def test_jpeg_keeps_every_byte(tmp_path: Path) -> None:
    assert save(commented(COMMENTS), tmp_path / "a.jpg") == ()
    assert segments_of((tmp_path / "a.jpg").read_bytes()) == COMMENTS
    save(commented(COMMENTS), tmp_path / "a.jpg", SaveOptions(strip_metadata=True))
    assert segments_of((tmp_path / "a.jpg").read_bytes()) == []


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("index", [0, 1])
def test_png_has_them_as_text(tmp_path: Path, deep: bool, index: int) -> None:
    picture = commented([COMMENTS[index]])
    if deep:
        picture = replace(picture, samples=picture.samples.astype(np.uint16) * 257)
    assert save(picture, tmp_path / "a.png") == ()
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert image.info["Comment"] == TEXTS[index]


@pytest.mark.parametrize("format", ["webp", "avif", "tiff"])
def test_elsewhere_it_is_noted(tmp_path: Path, format: str) -> None:
    notes = save(commented(COMMENTS), tmp_path / f"a.{format}")
    assert notes == (f"its comment, which {format} cannot hold, was left out",)
    assert save(commented([b"\0 \0"]), tmp_path / f"a.{format}") == ()


def test_of_a_gif(tmp_path: Path) -> None:
    frames = [Image.new("P", (6, 5), colour) for colour in (1, 2)]
    frames[0].putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", comment=b"hello", save_all=True, append_images=frames[1:])
    animation = decode(io.BytesIO(stream.getvalue()))
    assert isinstance(animation, Animation)
    save(animation, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["Comment"] == "hello"


def test_too_long_for_a_jpeg(tmp_path: Path) -> None:
    picture = commented([])
    long = replace(picture, metadata=replace(picture.metadata, comments=(b"a" * 70_000,)))
    notes = save(long, tmp_path / "a.jpg")
    assert notes == ("its comment is larger than jpg can hold and was left out",)
