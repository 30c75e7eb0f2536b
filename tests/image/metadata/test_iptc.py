"""Texts that other programs wrote are read, and what is written is read by Pillow."""

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin
from PIL.IptcImagePlugin import getiptcinfo

from jcarsr.image import FORMATS, Metadata, Picture, SaveOptions, decode, save
from jcarsr.image.metadata.iptc import IPTC_TAG, PNG_KEYWORDS, find_iptc, jpeg_segment, png_text

CAPTION, KEYWORD = (2, 120), (2, 25)
BLOCKS_TAG = 34377
HOLDING = ("jpg", "png", "tiff")
# as three programs put them into a PNG
EXIFTOOL = """
IPTC profile
      76
3842494d040400000000003f1c015a00031b25471c0100000200041c021900036361741c
02190006616e696d616c1c025000024d651c0278000a5a6fc3ab207369747a741c020000
02000400
"""
IMAGEMAGICK = """
iptc
      63
1c015a00031b25471c0100000200041c021900036361741c02190006616e696d616c1c02
5000024d651c0278000a5a6fc3ab207369747a741c020000020004
"""
EXIV2 = """
iptc
      30
3842494d04040000000000111c0278000c657869762063617074696f6e00
"""


def record(number: int, value: bytes) -> bytes:
    if len(value) > 0x7FFF:  # IPTC-IIM 4.2, 1.5.c: the length of the length first
        length = struct.pack(">HI", 0x8004, len(value))
    else:
        length = struct.pack(">H", len(value))
    return b"\x1c\x02" + bytes([number]) + length + value


RECORDS = record(120, "Zoë sitzt".encode()) + record(25, b"cat") + record(25, b"animal")


def image() -> Image.Image:
    return Image.new("RGB", (12, 10), "teal")


def saved(format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image().save(stream, format, **options)
    return stream.getvalue()


def jpeg(*segments: bytes) -> bytes:
    data = saved("JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def png(keyword: str, text: str, packed: bool = False) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text(keyword, text, zip=packed)
    return saved("PNG", pnginfo=texts)


def tiff(tag: int, data: bytes, kind: int, order: Any) -> bytes:
    stream = io.BytesIO()
    count = len(data) // (4 if kind == 4 else 1)
    pixels, tags = np.asarray(image()), [(tag, kind, count, data, True)]
    tifffile.imwrite(stream, pixels, photometric="rgb", extratags=tags, byteorder=order)
    return stream.getvalue()


def blocks(*contents: tuple[int, bytes, bytes]) -> bytes:
    """Image resource blocks: code, name, content."""
    made = b""
    for code, name, content in contents:
        name = bytes([len(name)]) + name
        head = b"8BIM" + struct.pack(">H", code) + name + b"\0" * (len(name) % 2)
        made += head + struct.pack(">I", len(content)) + content + b"\0" * (len(content) % 2)
    return made


def app13(content: bytes) -> bytes:
    content = b"Photoshop 3.0\0" + content
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def found(data: bytes) -> Picture:
    picture = decode(io.BytesIO(data))
    assert isinstance(picture, Picture)
    return picture


OTHERS = ((0x03ED, b"odd", bytes(16)), (0x0425, b"", bytes(3)))


class TestRead:
    @pytest.mark.parametrize(
        "data",
        [
            jpeg(app13(blocks(*OTHERS, (0x0404, b"", RECORDS)))),
            jpeg(app13(blocks(*OTHERS)), app13(blocks((0x0404, b"name", RECORDS)))),
            png(PNG_KEYWORDS[0], png_text(RECORDS)),
            png(PNG_KEYWORDS[1], png_text(RECORDS), packed=True),
            tiff(IPTC_TAG, RECORDS, 7, "<"),
            tiff(BLOCKS_TAG, blocks(*OTHERS, (0x0404, b"", RECORDS)), 1, ">"),
        ],
        ids=["jpeg", "jpeg, second segment", "png", "png, 8bim", "tiff", "tiff, blocks"],
    )
    def test_wherever_a_file_keeps_them(self, data: bytes) -> None:
        picture = found(data)
        assert picture.metadata.iptc == RECORDS
        assert picture.notes == ()

    @pytest.mark.filterwarnings("ignore:Metadata Warning, tag 33723")  # Pillow's own reading
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("padding", range(4))
    def test_numbers_of_four_bytes_in_a_tiff_and_zeros_behind(
        self, order: str, padding: int
    ) -> None:
        """As Photoshop and ExifTool store them, which are bytes in their order nevertheless."""
        records = RECORDS + record(25, bytes(7 - padding + -len(RECORDS) % 4))
        stored = records + bytes(-len(records) % 4)
        assert found(tiff(IPTC_TAG, stored, 4, order)).metadata.iptc == records

    @pytest.mark.parametrize(
        ("text", "values"),
        [
            (EXIFTOOL, [b"cat", b"animal", b"Me"]),
            (IMAGEMAGICK, [b"cat", b"animal", b"Me"]),
            (EXIV2, [b"exiv caption"]),
        ],
        ids=["ExifTool", "ImageMagick", "Exiv2"],
    )
    def test_what_other_programs_wrote(self, text: str, values: list[bytes]) -> None:
        records = found(png(PNG_KEYWORDS[0], text)).metadata.iptc
        assert records is not None
        assert all(value in records for value in values)

    def test_records_of_any_length(self) -> None:
        records = record(120, b"x" * 70_000) + record(25, b"")
        assert found(png(PNG_KEYWORDS[0], png_text(records))).metadata.iptc == records

    @pytest.mark.parametrize("data", [saved("JPEG"), saved("PNG"), saved("TIFF"), saved("WEBP")])
    def test_none_are_none(self, data: bytes) -> None:
        assert found(data).metadata.iptc is None

    def test_empty_ones_are_none(self) -> None:
        assert found(jpeg(app13(blocks((0x0404, b"", b""))))).metadata.iptc is None

    def test_block_is_taken_where_the_tag_is_broken(self) -> None:
        """ImageMagick's tag holds a quarter of the records."""
        with Image.open(io.BytesIO(tiff(IPTC_TAG, RECORDS[:10], 7, "<"))) as opened:
            tags: Any = opened
            tags.tag_v2._tagdata[BLOCKS_TAG] = blocks((0x0404, b"", RECORDS))
            assert find_iptc(opened) == RECORDS


class TestBroken:
    @pytest.mark.parametrize(
        "data",
        [
            *(jpeg(jpeg_segment(RECORDS[:end])) for end in [*range(1, 15), 16]),
            jpeg(jpeg_segment(b"no records")),
            jpeg(jpeg_segment(RECORDS + b"\1")),
            jpeg(jpeg_segment(b"\x1c\x02\x78\xff\xff")),
            png(PNG_KEYWORDS[0], "iptc"),
            png(PNG_KEYWORDS[0], "\niptc\n 5\n1c0278"),
            png(PNG_KEYWORDS[0], "\niptc\n 3\n1c027"),
            png(PNG_KEYWORDS[0], "\niptc\n 6\n3842494d0404"),
            tiff(BLOCKS_TAG, b"8BIM", 1, "<"),
        ],
    )
    def test_costs_no_picture_and_is_told(self, data: bytes) -> None:
        picture = found(data)
        assert picture.metadata.iptc is None
        assert picture.notes == ("its IPTC data is broken and was left out",)


class TestWritten:
    @pytest.fixture
    def picture(self) -> Picture:
        return Picture(np.asarray(image()), metadata=Metadata(iptc=RECORDS))

    @pytest.mark.parametrize("format", HOLDING)
    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.parametrize("exif", [False, True])
    def test_comes_back(
        self, picture: Picture, tmp_path: Path, format: str, bits: int, exif: bool
    ) -> None:
        if bits == 16:
            picture = replace(picture, samples=picture.samples.astype(np.uint16) * 257)
        if exif:
            tags = Image.Exif()
            tags[271] = "Maker"
            both = replace(picture.metadata, exif=tags.tobytes(), xmp=b"<x/>", dpi=(300, 300))
            picture = replace(picture, metadata=both)
        path = tmp_path / f"a.{format}"
        assert save(picture, path) == ()
        assert found(path.read_bytes()).metadata.iptc == RECORDS
        if format != "png":
            with Image.open(path) as opened:
                assert opened.format == FORMATS[format]
                told = getiptcinfo(opened)
            assert told is not None
            assert told[CAPTION] == "Zoë sitzt".encode()
            assert told[KEYWORD] == [b"cat", b"animal"]

    @pytest.mark.parametrize("format", sorted(set(FORMATS) - set(HOLDING)))
    def test_what_a_format_cannot_hold_is_told(
        self, picture: Picture, tmp_path: Path, format: str
    ) -> None:
        notes = save(picture, tmp_path / f"a.{format}")
        assert notes == (f"its IPTC data, which {format} cannot hold, was left out",)

    @pytest.mark.parametrize(("size", "kept"), [(64_995, True), (65_000, False)])
    def test_too_much_for_a_jpeg_is_told(
        self, picture: Picture, tmp_path: Path, size: int, kept: bool
    ) -> None:
        records = b"".join(record(25, bytes(piece)) for piece in (30_000, size - 30_000 - 10))
        notes = save(replace(picture, metadata=Metadata(iptc=records)), tmp_path / "a.jpg")
        assert found((tmp_path / "a.jpg").read_bytes()).metadata.iptc == (records if kept else None)
        left_out = "its IPTC data is larger than jpg can hold and was left out"
        assert notes == (() if kept else (left_out,))

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_is_stripped(self, picture: Picture, tmp_path: Path, format: str) -> None:
        path = tmp_path / f"a.{format}"
        assert save(picture, path, SaveOptions(strip_metadata=True)) == ()
        assert b"animal" not in path.read_bytes()
        assert found(path.read_bytes()).metadata.iptc is None
