"""Printing colours (CMYK) as screen colours, seen through `decode`."""

import struct

import numpy as np
import pytest
import skimage.color
from PIL import Image
from support.decoding import saved, still


def cmyk(ink: tuple[int, int, int, int]) -> Image.Image:
    return Image.new("CMYK", (16, 16), ink)


def printing_profile() -> bytes:
    """An ICC profile whose inks darken alike: paper has L* = 100, each full ink takes 25.

    Version 2 with one table of type lut8 (ICC.1:2001-04, 6.5.8).
    """
    inks = np.indices((2, 2, 2, 2)).sum(axis=0).ravel()
    grid = np.full((16, 3), 128, np.uint8)  # a* = b* = 0
    grid[:, 0] = np.round(255 * (1 - inks / 4))
    straight = bytes(range(256))
    matrix = struct.pack(">9i", *(np.eye(3, dtype=int) * 65_536).ravel())
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix
    table += straight * 4 + grid.tobytes() + straight * 3
    head = struct.pack(
        ">I4sI4s4s4s12s4s", 0, b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"", b"acsp"
    )
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63_190, 65_536, 54_061)
    body = struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table
    return struct.pack(">I", 128 + len(body)) + head[4:].ljust(124, b"\0") + body


class TestPrintingColours:
    @pytest.mark.parametrize("format", ["JPEG", "TIFF"])
    @pytest.mark.parametrize(
        ("ink", "colour"),
        [
            ((0, 255, 255, 0), (255, 0, 0)),
            ((255, 0, 255, 0), (0, 255, 0)),
            ((255, 255, 0, 0), (0, 0, 255)),
            ((0, 0, 0, 0), (255, 255, 255)),
            ((0, 0, 0, 128), (127, 127, 127)),
        ],
    )
    def test_without_profile(
        self, ink: tuple[int, int, int, int], colour: tuple[int, ...], format: str
    ) -> None:
        picture = still(saved(cmyk(ink), format))
        assert np.abs(picture.samples.astype(int) - colour).max() <= 2
        assert (picture.grey, picture.alpha, picture.notes) == (False, None, ())

    def test_ycck_of_adobe(self) -> None:
        """Stored are 255 - ink, the first three as YCbCr of ink itself (Adobe note 5116, 18).

        Pillow writes 255 - what it is given; that the numbers are YCCK says the Adobe marker.
        """
        ink = (0, 255, 255, 0)  # red
        luma_and_chroma = Image.new("RGB", (1, 1), ink[:3]).convert("YCbCr").getpixel((0, 0))
        assert isinstance(luma_and_chroma, tuple)
        stored = (*luma_and_chroma, 255 - ink[3])
        y, cb, cr, k = (255 - round(value) for value in stored)
        data = bytearray(saved(cmyk((y, cb, cr, k)), "JPEG", quality=100))
        transform = data.index(b"Adobe") + 11
        assert data[transform] == 0  # CMYK
        data[transform] = 2  # YCCK
        picture = still(bytes(data))
        assert np.abs(picture.samples.astype(int) - (255, 0, 0)).max() <= 3

    @pytest.mark.parametrize("format", ["JPEG", "TIFF"])
    @pytest.mark.parametrize("inks", range(5))
    def test_through_a_profile(self, format: str, inks: int) -> None:
        ink = tuple(255 if channel < inks else 0 for channel in range(4))
        picture = still(saved(cmyk(ink), format, icc_profile=printing_profile()))
        lightness = 100 - 25 * inks
        expected = skimage.color.lab2rgb(np.array([[[lightness, 0.0, 0.0]]]))[0, 0] * 255
        assert np.abs(picture.samples - expected).max() <= 2
        assert picture.notes == ()
        profile = picture.metadata.icc_profile
        assert profile is not None
        assert profile[16:20] == b"RGB "  # sRGB's, not the printer's

    @pytest.mark.parametrize(
        ("profile", "note"),
        [
            (b"no profile at all", "its colour profile is broken and was left out"),
            (printing_profile()[:150], "its colour profile is broken and was left out"),
            (
                printing_profile().replace(b"CMYK", b"RGB "),
                "its colour profile is one for RGB and was left out",
            ),
        ],
        ids=["none", "cut off", "RGB"],
    )
    def test_with_an_unusable_profile(self, profile: bytes, note: str) -> None:
        picture = still(saved(cmyk((0, 255, 255, 0)), "JPEG", icc_profile=profile))
        assert np.abs(picture.samples.astype(int) - (255, 0, 0)).max() <= 2
        assert picture.notes == (note,)
        assert picture.metadata.icc_profile is None
