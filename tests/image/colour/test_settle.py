"""Equal displayed colours: what a file says of its colours against what its result says."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from jcarsr.errors import ImageError
from jcarsr.image import FORMATS, Animation, Picture, decode, save
from jcarsr.image.colour.icc import D65_SRGB, SRGB_CURVE, Curve, make_profile
from jcarsr.image.facts import facts
from jcarsr.pixels import Pixels, Samples

P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
ADOBE = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
BT2020 = (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
TO_LINEAR_SRGB = np.array(  # IEC 61966-2-1, from XYZ of D65
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples: Samples, *chunks: bytes) -> bytes:
    """A PNG of (H, W, C), C = 1 to 4, 8 or 16 bits, with chunks before its pixels."""
    height, width, channels = samples.shape
    bits = 8 * samples.dtype.itemsize
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = samples.astype(">u2" if bits == 16 else "u1")
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(chunks)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def gama(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def chrm(primaries: tuple[float, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in primaries)))


def cicp(*values: int) -> bytes:
    return chunk(b"cICP", bytes(values))


def bt709(values: np.ndarray) -> np.ndarray:
    return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))


def srgb(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def displayed(samples: Samples, curve: Any, primaries: tuple[float, ...] = D65_SRGB) -> np.ndarray:
    """The sRGB, 0 to 255, of samples of another space by the definition of chromaticities."""
    light = curve(samples / np.iinfo(samples.dtype).max)
    x, y = np.array(primaries[0::2]), np.array(primaries[1::2])
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    matrix = xyz[:, 1:] * np.linalg.solve(xyz[:, 1:], xyz[:, 0])
    linear = np.clip(light @ (TO_LINEAR_SRGB @ matrix).T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def shown(path: Path) -> np.ndarray:
    """The sRGB of a result by its ICC profile."""
    with Image.open(path) as image:
        assert not {"gamma", "srgb", "chromaticity"} & set(image.info)
        if profile := image.info.get("icc_profile"):
            if image.mode == "I;16":
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            if image.mode == "LA":
                image = image.getchannel(0)
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(
                image, io.BytesIO(profile), target, outputMode="RGB", renderingIntent=1
            )
            assert turned is not None
            image = turned
        elif image.mode == "I;16":
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        return np.asarray(image.convert("RGB")).astype(float)


def still(data: bytes) -> Picture:
    picture = decode(io.BytesIO(data))
    assert isinstance(picture, Picture)
    return picture


@pytest.fixture
def some(photo: Pixels) -> Pixels:
    return photo[:48, :64]


CASES = {
    "linear": ([gama(1.0)], lambda v: v, D65_SRGB),
    "gamma of a Macintosh": ([gama(1 / 1.8)], lambda v: v**1.8, D65_SRGB),
    "dark": ([gama(0.3)], lambda v: v ** (1 / 0.3), D65_SRGB),
    "Adobe RGB": ([gama(0.45455), chrm(ADOBE)], lambda v: v**2.2, ADOBE),
    "primaries alone": ([chrm(P3)], srgb, P3),
    "sRGB counts more": ([gama(1.0), chrm(P3), chunk(b"sRGB", b"\0")], srgb, D65_SRGB),
    "Display P3": ([cicp(12, 13, 0, 1)], srgb, P3),
    "BT.2020": ([cicp(9, 14, 0, 1)], bt709, BT2020),
    "linear P3": ([cicp(12, 8, 0, 1)], lambda v: v, P3),
    "code points count more": ([gama(1.0), cicp(12, 13, 0, 1)], srgb, P3),
    "sRGB by code points": ([cicp(1, 13, 0, 1)], srgb, D65_SRGB),
}


class TestPng:
    @pytest.mark.parametrize("format", sorted(FORMATS))
    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize("deep", [False, True])
    def test_colours_are_equal(
        self, tmp_path: Path, some: Pixels, case: str, format: str, deep: bool
    ) -> None:
        chunks, curve, primaries = CASES[case]
        samples = some.astype(np.uint16) * 257 if deep else some
        path = tmp_path / f"a.{format}"
        picture = still(png(samples, *chunks))
        assert save(picture, path) == ()
        assert picture.notes == ()
        assert picture.samples.dtype == samples.dtype
        difference = np.abs(shown(path) - displayed(samples, curve, primaries))
        assert difference.mean() < (2 if format in ("png", "tiff", "jpg") else 2.5)

    @pytest.mark.parametrize("format", sorted(FORMATS))
    @pytest.mark.parametrize("gamma", [1.0, 1 / 1.8])
    @pytest.mark.parametrize("deep", [False, True])
    @pytest.mark.parametrize("alpha", [False, True])
    def test_grey_stays_grey(
        self, tmp_path: Path, some: Pixels, format: str, gamma: float, deep: bool, alpha: bool
    ) -> None:
        if alpha and (format == "jpg" or deep):
            pytest.skip("not to be had")
        grey = some[..., :1]
        samples = grey.astype(np.uint16) * 257 if deep else grey
        stored = np.dstack([samples, np.full_like(samples, 200)]) if alpha else samples
        path = tmp_path / f"a.{format}"
        picture = still(png(stored, gama(gamma)))
        assert picture.grey
        assert save(picture, path) == ()
        expected = displayed(np.repeat(samples, 3, axis=2), lambda v: v ** (1 / gamma))
        assert np.abs(shown(path) - expected).mean() < 2

    def test_usual_files_are_left_as_they_are(self, some: Pixels) -> None:
        for chunks in ([], [chunk(b"sRGB", b"\0"), gama(0.45455)], [cicp(1, 13, 0, 1)]):
            picture = still(png(some, *chunks))
            np.testing.assert_array_equal(picture.samples, some)
            assert picture.metadata.icc_profile is None

    def test_narrow_range(self, some: Pixels) -> None:
        narrow = np.round(16 + some / 255 * 219).astype(np.uint8)
        found = still(png(narrow, cicp(1, 13, 0, 0))).samples
        assert np.abs(found.astype(int) - some).max() <= 1

    def test_code_points_count_more_than_a_profile(self, some: Pixels) -> None:
        own = make_profile("own", ADOBE, Curve(2.2))
        iccp = chunk(b"iCCP", b"a\0\0" + zlib.compress(own))
        assert still(png(some, iccp, gama(1.0))).metadata.icc_profile == own
        found = still(png(some, iccp, cicp(12, 13, 0, 1))).metadata.icc_profile
        assert found == make_profile("Display P3", P3, SRGB_CURVE)

    @pytest.mark.parametrize(
        "broken",
        [
            cicp(12, 13, 5, 1),  # a matrix, which RGB has not
            cicp(3, 13, 0, 1),
            cicp(12, 10, 0, 1),
            chrm((0.0,) * 8),
            gama(40_000.0),
        ],
    )
    def test_broken_is_noted(self, some: Pixels, broken: bytes) -> None:
        picture = still(png(some, broken))
        assert picture.notes == ("its description of colours is broken and was left out",)
        assert picture.metadata.icc_profile is None
        np.testing.assert_array_equal(picture.samples, some)

    @pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
    def test_hdr_is_refused(self, some: Pixels, transfer: int, name: str) -> None:
        data = png(some, cicp(9, transfer, 0, 1))
        line = rf"HDR pictures \({name}\) are not supported"
        with pytest.raises(ImageError, match=f"^{line}$"):
            still(data)
        assert facts(io.BytesIO(data)).notes == (
            f"cannot be restored: {line.replace(chr(92), '')}",
        )

    def test_inspect_tells(self, some: Pixels) -> None:
        found = facts(io.BytesIO(png(some, cicp(12, 13, 0, 1)))).profile
        assert found is not None
        assert (found.description, found.colour_space) == ("Display P3", "RGB")
        (note,) = facts(io.BytesIO(png(some, gama(1.0)))).notes
        assert "converted to the curve of sRGB" in note


class TestAvif:
    @staticmethod
    def coded(some: Pixels, primaries: int, transfer: int) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(some).save(stream, "AVIF", quality=100, subsampling="4:4:4")
        data = bytearray(stream.getvalue())
        at = data.index(b"colrnclx") + 8
        struct.pack_into(">HH", data, at, primaries, transfer)
        return bytes(data)

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_colours_are_equal(self, tmp_path: Path, some: Pixels, format: str) -> None:
        save(still(self.coded(some, 12, 13)), tmp_path / f"a.{format}")
        expected = displayed(some, srgb, P3)
        assert np.abs(shown(tmp_path / f"a.{format}") - expected).mean() < 2.5

    def test_usual_ones_are_left_as_they_are(self, some: Pixels) -> None:
        for points in ((1, 13), (2, 2)):
            assert still(self.coded(some, *points)).metadata.icc_profile is None

    def test_hdr_is_refused(self, some: Pixels) -> None:
        with pytest.raises(ImageError, match=r"HDR pictures \(PQ\)"):
            still(self.coded(some, 9, 16))

    def test_heic(self, tmp_path: Path, some: Pixels) -> None:
        heif = pytest.importorskip("pillow_heif")
        stream = io.BytesIO()
        heif.from_pillow(Image.fromarray(some)).save(
            stream, quality=100, chroma=444, color_primaries=12, transfer_characteristics=13
        )
        save(still(stream.getvalue()), tmp_path / "a.png")
        expected = displayed(some, srgb, P3)
        assert np.abs(shown(tmp_path / "a.png") - expected).mean() < 2.5


class TestBmp:
    @staticmethod
    def bitmap(
        some: Pixels, kind: int, ends: tuple[float, ...], gamma: float, tail: bytes
    ) -> bytes:
        height, width = some.shape[:2]
        pixels = some[::-1, :, ::-1].tobytes()
        header = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
        header += struct.pack("<4II", 0, 0, 0, 0, kind)
        header += struct.pack("<9i", *(round(value * 2**30) for value in ends))
        header += struct.pack("<3I", *[round(gamma * 65536)] * 3)
        header += struct.pack("<IIII", 4, 124 + len(pixels), len(tail), 0)
        start = struct.pack("<2sIHHI", b"BM", 138 + len(pixels) + len(tail), 0, 0, 138)
        return start + header + pixels + tail

    def test_calibrated(self, tmp_path: Path, some: Pixels) -> None:
        x, y = np.array(ADOBE[0::2]), np.array(ADOBE[1::2])
        xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
        ends = (xyz[:, 1:] * np.linalg.solve(xyz[:, 1:], xyz[:, 0])).T
        data = self.bitmap(some, 0, tuple(ends.ravel()), 2.2, b"")
        save(still(data), tmp_path / "a.png")
        expected = displayed(some, lambda v: v**2.2, ADOBE)
        assert np.abs(shown(tmp_path / "a.png") - expected).mean() < 2

    def test_profile_within(self, some: Pixels) -> None:
        own = make_profile("own", ADOBE, Curve(2.2))
        data = self.bitmap(some, int.from_bytes(b"MBED"), (0,) * 9, 0, own)
        assert still(data).metadata.icc_profile == own

    @pytest.mark.parametrize("kind", [0, int.from_bytes(b"sRGB"), int.from_bytes(b"Win ")])
    def test_empty_or_srgb(self, some: Pixels, kind: int) -> None:
        picture = still(self.bitmap(some, kind, (0,) * 9, 0, b""))
        assert (picture.metadata.icc_profile, picture.notes) == (None, ())


class TestProfiles:
    @pytest.mark.parametrize("format", sorted(FORMATS))
    @pytest.mark.parametrize("deep", [False, True])
    def test_grey(self, tmp_path: Path, some: Pixels, format: str, deep: bool) -> None:
        iccp = chunk(b"iCCP", b"a\0\0" + zlib.compress(make_profile("a", None, Curve(1.0))))
        grey = some[..., :1].astype(np.uint16) * 257 if deep else some[..., :1]
        assert save(still(png(grey, iccp)), tmp_path / f"a.{format}") == ()
        expected = displayed(np.repeat(grey, 3, axis=2), lambda v: v)
        # 8 bits of linear light have wide steps in the dark
        assert np.abs(shown(tmp_path / f"a.{format}") - expected).mean() < (
            3 if format == "jpg" else 2
        )

    def test_colour_profile_on_grey(self, tmp_path: Path, some: Pixels) -> None:
        stream = io.BytesIO()
        profile = make_profile("a", P3, Curve(1.8))
        Image.fromarray(some[..., 0]).save(stream, "PNG", icc_profile=profile)
        save(still(stream.getvalue()), tmp_path / "a.png")
        expected = displayed(np.repeat(some[..., :1], 3, axis=2), lambda v: v**1.8)
        assert np.abs(shown(tmp_path / "a.png") - expected).mean() < 2

    def test_srgbs_own_on_grey_is_not_needed(self, some: Pixels) -> None:
        stream = io.BytesIO()
        profile = make_profile("a", D65_SRGB, SRGB_CURVE)
        Image.fromarray(some[..., 0]).save(stream, "JPEG", icc_profile=profile)
        picture = still(stream.getvalue())
        assert (picture.grey, picture.metadata.icc_profile, picture.notes) == (True, None, ())


class TestAnimations:
    @pytest.mark.parametrize("format", ["png", "webp"])
    @pytest.mark.parametrize("by", ["profile", "gamma"])
    def test_grey(self, tmp_path: Path, some: Pixels, format: str, by: str) -> None:
        frames = [Image.fromarray(some[..., 0]), Image.fromarray(some[::-1, :, 0].copy())]
        options: dict[str, Any] = {}
        if by == "profile":
            options["icc_profile"] = make_profile("a", None, Curve(1.0))
        stream = io.BytesIO()
        frames[0].save(
            stream, "PNG", save_all=True, append_images=frames[1:], duration=40, **options
        )
        data = stream.getvalue()
        if by == "gamma":
            at = data.index(b"acTL") - 4
            data = data[:at] + gama(1.0) + data[at:]
        animation = decode(io.BytesIO(data))
        assert isinstance(animation, Animation)
        save(animation, tmp_path / f"a.{format}")
        expected = displayed(np.repeat(some[..., :1], 3, axis=2), lambda v: v)
        with Image.open(tmp_path / f"a.{format}") as image:
            assert "icc_profile" not in image.info
            for index, turned in enumerate((expected, expected[::-1])):
                image.seek(index)
                assert np.abs(np.asarray(image.convert("RGB")) - turned).mean() < 2
