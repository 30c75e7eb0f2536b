import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from jcarsr.errors import ImageError
from jcarsr.image.facts import LAST_SAVE, Facts, JpegFacts, Profile, facts
from jcarsr.image.metadata.iptc import jpeg_segment
from jcarsr.image.open import ReadOptions
from jcarsr.jpeg.quality import Quality
from jcarsr.pixels import Pixels

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RAMP = np.arange(48, dtype=np.uint16).reshape(6, 8) * 1000


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def told(data: bytes, **options: Any) -> Facts:
    return facts(io.BytesIO(data), ReadOptions(**options))


def jpeg_facts(data: bytes) -> JpegFacts:
    jpeg = told(data).jpeg
    assert jpeg is not None
    return jpeg


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def exif(**tags: Any) -> Image.Exif:
    made = Image.Exif()
    for tag, value in tags.items():
        made[int(tag.removeprefix("tag"))] = value
    return made


@pytest.fixture
def image(photo: Pixels) -> Image.Image:
    return Image.fromarray(photo)


def test_plain_jpeg(image: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    image.save(path, quality=40)
    assert facts(path) == Facts(
        format="JPEG",
        width=256,
        height=192,
        upright=(256, 192),
        mode="RGB",
        bits=8,
        transparency=False,
        frames=1,
        orientation=1,
        profile=None,
        exif=False,
        xmp=False,
        iptc=False,
        texts=(),
        dpi=None,
        jpeg=JpegFacts(
            subsampling="4:2:0",
            progressive=False,
            quality=Quality(value=40, exact=True, misfit=0.0),
        ),
        notes=(LAST_SAVE,),
    )


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_subsampling(image: Image.Image, subsampling: str) -> None:
    assert jpeg_facts(saved(image, "JPEG", subsampling=subsampling)).subsampling == subsampling


@pytest.mark.parametrize(
    ("luma", "chroma", "name"),
    [
        (0x12, 0x11, "4:4:0"),
        (0x41, 0x11, "4:1:1"),
        (0x22, 0x22, "4:4:4"),  # odd, but the same
        (0x11, 0x21, "other"),
        (0x21, 0x00, "4:2:2"),  # impossible: no division by nought
    ],
)
def test_rare_subsamplings(image: Image.Image, luma: int, chroma: int, name: str) -> None:
    data = bytearray(saved(image, "JPEG", subsampling="4:2:0"))
    factors = data.index(b"\xff\xc0") + 11  # of the first of three components (T.81, B.2.2)
    assert data[factors] == 0x22
    data[factors], data[factors + 3], data[factors + 6] = luma, chroma, chroma
    assert jpeg_facts(bytes(data)).subsampling == name


def test_progressive(image: Image.Image) -> None:
    assert jpeg_facts(saved(image, "JPEG", progressive=True)).progressive
    assert not jpeg_facts(saved(image, "JPEG")).progressive


def test_grey_jpeg(image: Image.Image) -> None:
    found = told(saved(image.convert("L"), "JPEG"))
    assert (found.mode, found.bits) == ("grey", 8)
    assert found.jpeg is not None
    assert found.jpeg.subsampling == "grey"


def test_cmyk_jpeg(image: Image.Image) -> None:
    found = told(saved(image.convert("CMYK"), "JPEG", quality=60))
    assert found.mode == "CMYK"
    quality = Quality(value=60, exact=True, misfit=0.0)
    assert found.jpeg == JpegFacts(subsampling="4:4:4", progressive=False, quality=quality)


def test_tables_are_missing(image: Image.Image) -> None:
    data = saved(image.convert("L"), "JPEG").replace(b"\xff\xdb", b"\xff\xfe")  # now a comment
    assert jpeg_facts(data).quality is None


@pytest.mark.parametrize(
    ("mode", "format", "expected"),
    [
        ("1", "PNG", ("black and white", 1, False)),
        ("L", "PNG", ("grey", 8, False)),
        ("LA", "PNG", ("grey", 8, True)),
        ("P", "PNG", ("palette", 8, False)),
        ("RGB", "WEBP", ("RGB", 8, False)),
        ("RGB", "AVIF", ("RGB", 8, False)),
        ("RGB", "BMP", ("RGB", 8, False)),
        ("RGBA", "PNG", ("RGB", 8, True)),
        ("RGBA", "WEBP", ("RGB", 8, True)),
        ("CMYK", "TIFF", ("CMYK", 8, False)),
        ("F", "TIFF", ("grey, floating point", 32, False)),
    ],
)
def test_modes(image: Image.Image, mode: str, format: str, expected: tuple[str, int, bool]) -> None:
    if mode in ("RGBA", "LA"):
        image.putalpha(100)
    found = told(saved(image.convert(mode), format))
    assert (found.mode, found.bits, found.transparency) == expected
    assert (found.format, found.width, found.height, found.jpeg) == (format, 256, 192, None)


def test_transparent_colour_of_a_palette(image: Image.Image) -> None:
    assert told(saved(image.convert("P"), "PNG", transparency=0)).transparency


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_grey_of_16_bits(format: str) -> None:
    found = told(saved(Image.fromarray(RAMP), format))
    assert (found.mode, found.bits, found.notes) == ("grey", 16, ())


@pytest.mark.parametrize(
    ("colour_type", "channels", "mode", "transparency"),
    [(2, 3, "RGB", False), (4, 2, "grey", True), (6, 4, "RGB", True)],
)
def test_png_colours_of_16_bits(
    colour_type: int, channels: int, mode: str, transparency: bool
) -> None:
    header = struct.pack(">IIBBBBB", 8, 6, 16, colour_type, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes(8 * channels * 2)) * 6)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    found = told(b"\x89PNG\r\n\x1a\n" + chunks)
    assert (found.mode, found.bits, found.transparency) == (mode, 16, transparency)


def test_bitmap_of_16_bits_a_pixel_has_8_at_most() -> None:
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    header = struct.pack("<IiiHHIIiiII", 40, 8, 6, 1, 16, 3, 96, 0, 0, 0, 0)
    start = struct.pack("<2sIHHI", b"BM", 66 + 96, 0, 0, 66)
    assert told(start + header + masks + bytes(96)).bits == 8


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_animation(image: Image.Image, format: str) -> None:
    others = [image.rotate(90), image.rotate(180)]
    found = told(saved(image, format, save_all=True, append_images=others))
    assert (found.format, found.frames, found.width, found.height) == (format, 3, 256, 192)
    assert found.mode == ("palette" if format == "GIF" else "RGB")
    assert not found.notes


def test_still_beside_an_animation_does_not_count(image: Image.Image) -> None:
    others = [image.rotate(90), image.rotate(180)]
    data = saved(image, "PNG", save_all=True, append_images=others, default_image=True)
    assert told(data).frames == 2


def test_frames_that_cannot_be_counted(image: Image.Image) -> None:
    data = saved(image, "GIF", save_all=True, append_images=[image.rotate(90)])
    second = data.rindex(b"\x2c\x00\x00\x00\x00")  # its image descriptor (GIF89a, 20)
    found = told(data[: second + 5])
    assert found.frames is None
    assert any("cannot be counted" in note for note in found.notes)


def test_all_frames_count_against_the_limit(image: Image.Image) -> None:
    data = saved(image, "GIF", save_all=True, append_images=[image.rotate(90)])
    (note,) = told(data, max_pixels=256 * 192).notes
    assert "all frames together" in note


def test_pages(image: Image.Image) -> None:
    found = told(saved(image, "TIFF", save_all=True, append_images=[image]))
    assert found.frames == 2
    assert "first_frame=True" in found.notes[0]


def test_cameras_multi_picture_file(image: Image.Image) -> None:
    found = told(saved(image, "MPO", save_all=True, append_images=[image], quality=30))
    assert (found.format, found.frames) == ("MPO", 2)
    assert found.jpeg is not None and found.jpeg.quality is not None
    assert found.jpeg.quality.value == 30
    assert "the first is restored" in found.notes[0]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_orientation_6(image: Image.Image, format: str) -> None:
    found = told(saved(image, format, exif=exif(tag274=6, tag271="Maker")))
    assert found.orientation == 6
    assert (found.width, found.height) == (256, 192)
    assert found.upright == (192, 256)
    assert found.exif


def test_colour_profile(image: Image.Image) -> None:
    profile = told(saved(image, "JPEG", icc_profile=SRGB)).profile
    assert profile == Profile(description="sRGB built-in", colour_space="RGB")


def test_broken_colour_profiles(image: Image.Image) -> None:
    for data, space in ((b"no profile at all", None), (SRGB[:140], "RGB")):
        found = told(saved(image, "JPEG", icc_profile=data))
        assert found.profile == Profile(description="broken", colour_space=space)
    parts = saved(image, "JPEG", icc_profile=SRGB).replace(
        b"ICC_PROFILE\0\x01\x01", b"ICC_PROFILE\0\x01\x02"
    )
    assert told(parts).profile == Profile(description="broken", colour_space=None)


def test_name_of_a_colour_profile_cannot_command_a_terminal(image: Image.Image) -> None:
    name = "sRGB built-in".encode("utf-16-be")
    assert name in SRGB
    evil = SRGB.replace(name, "\x1b[2J\nsRGB cu".encode("utf-16-be"))
    profile = told(saved(image, "PNG", icc_profile=evil)).profile
    assert profile == Profile(description="[2J sRGB cu", colour_space="RGB")


def test_metadata(image: Image.Image) -> None:
    iptc = jpeg_segment(b"\x1c\x02\x78\0\3cat")
    options: dict[str, Any] = {"xmp": b"<x/>", "extra": iptc, "dpi": (300, 150)}
    found = told(saved(image, "JPEG", exif=exif(tag271="Maker"), **options))
    assert (found.exif, found.xmp, found.iptc, found.dpi) == (True, True, True, (300.0, 150.0))


def test_exif_without_a_resolution_is_none(image: Image.Image) -> None:
    """Pillow says 72 dpi then."""
    data = saved(image, "JPEG", exif=exif(tag271="Maker"))
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.info["dpi"] == (72, 72)
    assert told(data).dpi is None
    own = exif(tag271="Maker", tag282=144.0, tag283=144.0, tag296=2)
    assert told(saved(image, "JPEG", exif=own)).dpi == (144.0, 144.0)


def test_broken_exif(image: Image.Image) -> None:
    found = told(saved(image, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff garbage"))
    assert not found.exif
    assert found.orientation == 1
    assert found.jpeg is not None
    assert any("Corrupt EXIF" in note for note in found.notes)
    found = told(saved(image, "JPEG", exif=b"Exif\0\0garbage garbage"))
    assert not found.exif
    assert any("EXIF data is broken" in note for note in found.notes)


def test_many_warnings_are_one_note(image: Image.Image) -> None:
    entries = b"".join(struct.pack(">HHII", 40000 + i, 2, 1000, 50_000) for i in range(500))
    data = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 500) + entries + bytes(4)
    found = told(saved(image, "JPEG", exif=data))
    assert len(found.notes) <= 3
    assert sum("damaged" in note for note in found.notes) == 1


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_pixels_may_be_cut_off(image: Image.Image, format: str) -> None:
    data = saved(image, format)
    found = told(data[: len(data) // 2])
    assert (found.width, found.height) == (256, 192)
    truncated = "truncated: it is refused (salvage=True restores what there is)"
    expected = [truncated, LAST_SAVE] if format == "JPEG" else []
    assert list(found.notes) == expected


def test_what_restoring_refuses_is_noted(image: Image.Image) -> None:
    (note,) = told(saved(image.convert("F"), "TIFF")).notes
    assert note.startswith("cannot be restored")


def test_no_pictures(tmp_path: Path, image: Image.Image) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("hello")
    with pytest.raises(ImageError, match=r"^not a picture"):
        facts(text)
    with pytest.raises(ImageError, match=r"^no such file$"):
        facts(tmp_path / "missing.jpg")
    with pytest.raises(ImageError, match="cannot be opened"):
        facts(tmp_path)
    with pytest.raises(ImageError, match="refused as a bomb"):
        told(saved(image, "JPEG"), max_pixels=1000)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "AVIF", "BMP"])
def test_truncated_headers(image: Image.Image, format: str) -> None:
    """Every cut within the header is an ImageError, or the facts are those of the whole file."""
    data = saved(image, format)
    whole = told(data)
    refused = 0
    for length in range(0, min(len(data), 700), 7):
        try:
            found = told(data[:length])
        except ImageError as error:
            refused += 1
            assert "\n" not in str(error)
        else:
            assert (found.width, found.height, found.mode) == (256, 192, whole.mode)
            assert found.jpeg == whole.jpeg
    assert refused >= 3


def test_garbage_is_an_image_error_or_facts(image: Image.Image) -> None:
    random = np.random.default_rng(0)
    tags = exif(tag271="Maker", tag274=6)
    seeds = [
        saved(image.resize((24, 16)), format, exif=tags, icc_profile=SRGB)
        for format in ("JPEG", "PNG", "TIFF", "WEBP")
    ]
    read = 0
    for turn in range(400):
        data = bytearray(seeds[turn % len(seeds)])
        for at in random.integers(4, 600, size=3):
            data[at] = random.integers(256)
        try:
            found = told(bytes(data))
        except ImageError as error:
            assert "\n" not in str(error)
        else:
            read += 1
            assert all(note.isprintable() for note in found.notes)
    assert 50 < read < 400
