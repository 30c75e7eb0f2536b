"""Bits, greys and transparency, seen through `decode`."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.decoding import saved, still

from jcarsr.errors import ImageError
from jcarsr.image.facts import facts
from jcarsr.pixels import Pixels, Samples

DEEP = np.random.default_rng(0).integers(0, 65_536, (9, 11, 4)).astype(np.uint16)
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
GREY, RGB, GREY_ALPHA, RGBA = 0, 2, 4, 6  # colour types of PNG


def tiff(samples: Samples, **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    rows: list[bytes],
    width: int,
    height: int,
    bits: int,
    kind: int,
    *,
    key: bytes = b"",
    lace=False,
) -> bytes:
    """A PNG of unfiltered rows; `key` is its transparent colour."""
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, lace)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", head), (b"tRNS", key), (b"IDAT", pixels), (b"IEND", b"")]
    kept = (chunk(name, data) for name, data in chunks if data or name != b"tRNS")
    return b"\x89PNG\r\n\x1a\n" + b"".join(kept)


def deep_png(samples: Samples, kind: int, **options: Any) -> bytes:
    height, width = samples.shape[:2]
    passes = (*ADAM7, (1, 0, 2, 1)) if options.get("lace") else ((0, 0, 1, 1),)
    rows = [
        row.astype(">u2").tobytes()
        for top, left, down, right in passes
        for row in samples[top::down, left::right]
    ]
    return png(rows, width, height, 16, kind, **options)


class TestSixteenBits:
    @pytest.mark.parametrize("lace", [False, True], ids=["", "interlaced"])
    @pytest.mark.parametrize("kind", [GREY, RGB, RGBA])
    def test_png(self, kind: int, lace: bool) -> None:
        channels = {GREY: 1, RGB: 3, RGBA: 4}[kind]
        picture = still(deep_png(DEEP[..., :channels], kind, lace=lace))
        assert picture.samples.dtype == np.uint16
        assert picture.grey == (kind == GREY)
        colours = np.broadcast_to(DEEP[..., :1], (9, 11, 3)) if kind == GREY else DEEP[..., :3]
        np.testing.assert_array_equal(picture.samples, colours)
        if kind == RGBA:
            np.testing.assert_array_equal(picture.alpha, DEEP[..., 3])
        else:
            assert picture.alpha is None

    @pytest.mark.parametrize("byteorder", ["<", ">"])
    @pytest.mark.parametrize(
        "layout",
        [
            {},
            {"compression": "zlib"},
            {"compression": "zlib", "predictor": True},
            {"rowsperstrip": 2},
            {"rowsperstrip": 2, "compression": "zlib"},
            {"tile": (16, 16)},
            {"tile": (16, 16), "compression": "zlib"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_tiff(self, byteorder: Any, layout: dict[str, Any], channels: int) -> None:
        samples = np.tile(DEEP[..., :channels], (3, 2, 1))
        if channels == 4:
            layout = {**layout, "extrasamples": ["unassalpha"]}
        photometric = "minisblack" if channels == 1 else "rgb"
        stored = samples[..., 0] if channels == 1 else samples
        data = tiff(stored, photometric=photometric, byteorder=byteorder, **layout)
        np.testing.assert_array_equal(tifffile.imread(io.BytesIO(data)), stored)
        picture = still(data)
        assert picture.samples.dtype == np.uint16
        np.testing.assert_array_equal(
            picture.samples, np.repeat(samples, 3, axis=2) if channels == 1 else samples[..., :3]
        )
        if channels == 4:
            np.testing.assert_array_equal(picture.alpha, samples[..., 3])
        else:
            assert picture.alpha is None

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_turned_tiff(self, orientation: int) -> None:
        """Pillow turns TIFFs while it loads them; the corner of row 0, column 0 tells where to."""
        picture = still(
            tiff(DEEP[..., :3], photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
        )
        assert picture.orientation == 1
        assert picture.size == ((9, 11) if orientation >= 5 else (11, 9))
        corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)}
        corner |= {5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
        np.testing.assert_array_equal(picture.samples[corner[orientation]], DEEP[0, 0, :3])

    def test_big_tiff(self) -> None:
        picture = still(tiff(DEEP[..., :3], photometric="rgb", bigtiff=True))
        np.testing.assert_array_equal(picture.samples, DEEP[..., :3])

    def test_white_is_zero(self) -> None:
        """Stored v shows 1 - v, as with 8 bits."""
        eight = still(tiff((DEEP[..., 0] >> 8).astype(np.uint8), photometric="miniswhite"))
        deep = still(tiff(DEEP[..., 0], photometric="miniswhite"))
        np.testing.assert_array_equal(eight.samples[..., 0], 255 - (DEEP[..., 0] >> 8))
        np.testing.assert_array_equal(deep.samples[..., 0], 65_535 - DEEP[..., 0])

    @pytest.mark.parametrize("lace", [False, True])
    def test_opaque_alpha_is_dropped_and_nearly_opaque_is_not(self, lace: bool) -> None:
        opaque = np.dstack([DEEP[..., :3], np.full((9, 11), 65_535, np.uint16)])
        assert still(deep_png(opaque, RGBA, lace=lace)).alpha is None
        opaque[4, 5, 3] = 65_534  # 8 bits would not tell
        alpha = still(deep_png(opaque, RGBA, lace=lace)).alpha
        assert alpha is not None
        assert (alpha.min(), (alpha < 65_535).sum()) == (65_534, 1)


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (deep_png(DEEP[..., :2], GREY_ALPHA), "16-bit pictures stored as LA;16B"),
            (deep_png(DEEP[..., 0], GREY, key=b"\0\1"), "16-bit pictures with one colour trans"),
            (deep_png(DEEP[..., :3], RGB, key=b"\0\1" * 3), "16-bit pictures with one colour tr"),
            (
                tiff(DEEP, photometric="rgb", extrasamples=["assocalpha"]),
                "16-bit pictures stored as RGBa;16L",
            ),
            (
                tiff(np.moveaxis(DEEP[..., :3], 2, 0), photometric="rgb", planarconfig="separate"),
                "16-bit pictures stored plane by plane",
            ),
            (
                tiff(
                    np.moveaxis(DEEP[..., :3], 2, 0),
                    photometric="rgb",
                    planarconfig="separate",
                    compression="zlib",
                ),
                "16-bit pictures stored plane by plane",
            ),
            (tiff(DEEP[..., 0].astype(np.int32)), "pictures of mode I "),
            (tiff(DEEP[..., 0].astype(np.float32)), "pictures of mode F "),
            (
                saved(Image.new("LAB", (4, 4)), "TIFF"),
                "pictures of mode LAB ",
            ),
        ],
        ids=[
            "LA",
            "grey tRNS",
            "RGB tRNS",
            "associated",
            "planes",
            "packed planes",
            "I",
            "F",
            "LAB",
        ],
    )
    def test_what_would_lose_something(self, data: bytes, message: str) -> None:
        with pytest.raises(ImageError, match=f"^{message}.* not supported$"):
            still(data)

    def test_twelve_bits(self) -> None:
        tags = [(256, 4, 2), (257, 4, 1), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
        tags += [(277, 3, 1), (278, 4, 1), (279, 4, 3)]
        data = b"II*\0" + struct.pack("<I", 12) + b"\xff\xf8\0\0" + struct.pack("<H", len(tags))
        data += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
        with pytest.raises(ImageError, match="stored as I;12 are not supported"):
            still(data + bytes(4))


class TestEightBits:
    def test_planes_and_high_colour_bitmaps(self, photo: Pixels) -> None:
        planes = tiff(np.moveaxis(photo, 2, 0), photometric="rgb", planarconfig="separate")
        np.testing.assert_array_equal(still(planes).samples, photo)
        words = np.array([[0xF800, 0x07E0], [0x001F, 0xFFFF]], "<u2").tobytes()  # 5, 6 and 5 bits
        sizes = struct.pack("<IiiHHIIiiII", 40, 2, -2, 1, 16, 3, 8, 0, 0, 0, 0)
        masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
        bitmap = b"BM" + struct.pack("<IHHI", 74, 0, 0, 66) + sizes + masks + words
        expected = [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]]
        assert still(bitmap).samples.tolist() == expected

    @pytest.mark.parametrize("mode", ["L", "1", "LA"])
    def test_grey_stays_grey(self, photo: Pixels, mode: str) -> None:
        image = Image.fromarray(photo).convert("L").convert(mode)
        picture = still(saved(image, "PNG"))
        assert picture.grey
        np.testing.assert_array_equal(picture.samples, np.asarray(image.convert("RGB")))

    def test_colours_are_not_grey(self, photo: Pixels) -> None:
        assert not still(saved(Image.fromarray(photo), "PNG")).grey
        equal = Image.fromarray(photo).convert("L").convert("RGB")
        assert not still(saved(equal, "PNG")).grey  # it was RGB and stays so

    @pytest.mark.parametrize("grey", [True, False])
    def test_palette(self, photo: Pixels, grey: bool) -> None:
        image = Image.fromarray(photo).convert("L")
        colours = np.repeat(np.arange(255, -1, -1, dtype=np.uint8)[:, None], 3, axis=1)
        colours[7, 2] += 0 if grey else 1
        image.putpalette(colours.tobytes())
        picture = still(saved(image, "PNG"))
        assert picture.grey == grey
        expected = colours[np.asarray(Image.fromarray(photo).convert("L"))]
        np.testing.assert_array_equal(picture.samples, expected)

    @pytest.mark.parametrize("kind", ["bytes", "index"])
    def test_palette_with_transparency(self, photo: Pixels, kind: str) -> None:
        image = Image.fromarray(photo).quantize(8)
        alphas = np.array([255, 0, 77, 128, 254, 255, 255, 255], np.uint8)
        if kind == "index":
            alphas[:] = 255
            alphas[3] = 0
        key = alphas.tobytes() if kind == "bytes" else 3
        picture = still(saved(image, "PNG", transparency=key))
        np.testing.assert_array_equal(picture.alpha, alphas[np.asarray(image)])
        np.testing.assert_array_equal(picture.samples, np.asarray(image.convert("RGB")))

    @pytest.mark.parametrize("bits", [1, 2, 4, 8])
    def test_transparent_grey(self, bits: int) -> None:
        """The transparent one of two greys, in each depth that a PNG has."""
        top = 2**bits - 1
        row = bytes([1 << 8 - bits])  # the first pixel is 1, the next (if any) 0
        data = png([row], 8 // bits, 1, bits, GREY, key=struct.pack(">H", 1))
        picture = still(data)
        assert picture.grey
        greys = [255 // top] + [0] * (8 // bits - 1)
        assert picture.samples[0, :, 0].tolist() == greys
        assert picture.alpha is not None
        assert picture.alpha[0].tolist() == [0] + [255] * (8 // bits - 1)

    def test_transparent_colour(self) -> None:
        key = struct.pack(">HHH", 1, 2, 3)
        data = png([bytes([1, 2, 3, 1, 2, 4])], 2, 1, 8, RGB, key=key)
        picture = still(data)
        assert picture.samples.tolist() == [[[1, 2, 3], [1, 2, 4]]]
        assert picture.alpha is not None
        assert picture.alpha.tolist() == [[0, 255]]

    @pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
    def test_alpha_and_the_colours_beneath_it(self, photo: Pixels, format: str) -> None:
        alpha = np.indices((192, 256)).sum(axis=0).astype(np.uint8)
        image = Image.fromarray(np.dstack([photo, alpha]))
        options = {"lossless": True, "exact": True} if format == "WEBP" else {}
        picture = still(saved(image, format, **options))
        np.testing.assert_array_equal(picture.samples, photo)
        np.testing.assert_array_equal(picture.alpha, alpha)

    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_opaque_alpha_is_dropped(self, photo: Pixels, mode: str) -> None:
        image = Image.fromarray(photo).convert(mode)
        assert still(saved(image, "PNG")).alpha is None
        image.putpixel((3, 4), (*image.getpixel((3, 4))[:-1], 254))
        assert still(saved(image, "PNG")).alpha is not None


class TestTransparentEverywhere:
    def test_bitmap_with_an_unused_fourth_byte_is_opaque(self, photo: Pixels) -> None:
        unused = np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])
        picture = still(with_masks(unused))
        assert (picture.alpha, picture.notes) == (None, ())
        np.testing.assert_array_equal(picture.samples, photo)

    def test_bitmap_with_a_used_one_is_not(self, photo: Pixels) -> None:
        used = np.dstack([photo, photo[..., 0]])
        np.testing.assert_array_equal(still(with_masks(used)).alpha, photo[..., 0])

    @pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
    def test_others_are_noted(self, photo: Pixels, format: str) -> None:
        nothing = np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])
        picture = still(saved(Image.fromarray(nothing), format, lossless=True))
        assert picture.alpha is not None
        assert not picture.alpha.any()
        assert picture.notes == ("transparent everywhere: nothing of it is seen",)


def with_masks(pixels: Pixels) -> bytes:
    """A bitmap of version 5 that names a mask for alpha, (H, W, 4)."""
    height, width = pixels.shape[:2]
    rows = pixels[::-1, :, [2, 1, 0, 3]].tobytes()
    sizes = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 32, 3, len(rows), 0, 0, 0, 0)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs"
    head = sizes + masks + bytes(124 - len(sizes) - len(masks))
    return b"BM" + struct.pack("<IHHI", 138 + len(rows), 0, 0, 138) + head + rows


@pytest.mark.parametrize(
    ("photometric", "colours", "extra", "note"),
    [
        ("rgb", 3, ["unspecified"], "1 more channel was left out"),
        ("rgb", 3, ["unspecified", "unspecified"], "2 more channels were left out"),
        ("rgb", 3, ["unassalpha", "unspecified"], "1 more channel was left out"),
        ("rgb", 3, ["unassalpha"], None),
        ("rgb", 3, [], None),
        ("minisblack", 1, [], None),
        ("minisblack", 1, ["unassalpha"], None),
        ("separated", 4, [], None),
        ("separated", 4, ["unspecified"], "1 more channel was left out"),
    ],
)
def test_channels_beyond_colour_and_alpha_are_a_note(
    photometric: str, colours: int, extra: list[str], note: str | None
) -> None:
    count = colours + len(extra)
    samples = np.full((6, 7, count) if count > 1 else (6, 7), 99, np.uint8)
    data = tiff(samples, photometric=photometric, extrasamples=extra)
    for notes in (still(data).notes, facts(io.BytesIO(data)).notes):
        assert [n for n in notes if "channel" in n] == ([note] if note else [])
