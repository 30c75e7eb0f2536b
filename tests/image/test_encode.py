from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps, ImageSequence, JpegImagePlugin
from support.pictures import DEEP, open_image

from jcarsr.errors import ImageError
from jcarsr.image import (
    FORMATS,
    Animation,
    Metadata,
    Picture,
    SaveOptions,
    decode,
    save,
    upright,
)
from jcarsr.pixels import Pixels, Samples

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def difference(a: Samples, b: Samples) -> float:
    return float(np.abs(a.astype(int) - b).mean())


def oriented(samples: Samples, orientation: int) -> Samples:
    """Turned as Pillow turns an image of the samples' numbers."""
    height, width = samples.shape[:2]
    numbers = Image.fromarray(np.arange(height * width, dtype=np.int32).reshape(height, width))
    exif = Image.Exif()
    exif[0x0112] = orientation
    numbers.info["exif"] = exif.tobytes()
    turned = np.asarray(ImageOps.exif_transpose(numbers))
    return samples.reshape(height * width, *samples.shape[2:])[turned]


def fading(photo: Pixels) -> Pixels:
    """An alpha channel of all values."""
    return np.indices(photo.shape[:2]).sum(axis=0).astype(np.uint8)


def moving(*colours: str, times: tuple[float, ...] | None = None, plays: int = 0) -> Animation:
    frames = [Picture(np.asarray(Image.new("RGB", (12, 10), colour))) for colour in colours]
    times = times or (50.0,) * len(colours)
    return Animation((12, 10), times, plays, Metadata(), lambda: iter(frames))


class TestNames:
    @pytest.mark.parametrize(
        ("name", "told"), [("a.xyz", r"\.xyz"), ("a", "a file without extension")]
    )
    def test_unknown_is_told(self, tmp_path: Path, photo: Pixels, name: str, told: str) -> None:
        with pytest.raises(ImageError, match=f"^cannot be written as {told}$"):
            save(Picture(photo), tmp_path / name)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("quality", [0, 101, -5])
    def test_quality_that_there_is_not(self, quality: int) -> None:
        with pytest.raises(ValueError, match=f"^quality must be from 1 to 100, got {quality}$"):
            SaveOptions(quality=quality)


class TestStills:
    @pytest.mark.parametrize("format", sorted(FORMATS))
    @pytest.mark.parametrize("grey", [False, True])
    def test_every_format(self, tmp_path: Path, photo: Pixels, format: str, grey: bool) -> None:
        samples = np.repeat(photo[..., :1], 3, axis=2) if grey else photo
        path = tmp_path / "new" / f"a.{format}"
        assert save(Picture(samples, grey=grey), path) == ()
        with Image.open(path) as image:
            assert image.format == FORMATS[format]
            if format in ("png", "jpg", "tiff"):
                assert image.mode == ("L" if grey else "RGB")
        limit = 0 if format in ("png", "tiff") else 2.5
        assert difference(open_image(path), samples) <= limit
        assert [p.name for p in path.parent.iterdir()] == [f"a.{format}"]

    @pytest.mark.parametrize("format", ["png", "tiff", "webp", "avif"])
    @pytest.mark.parametrize("grey", [False, True])
    def test_transparency(self, tmp_path: Path, photo: Pixels, format: str, grey: bool) -> None:
        samples = np.repeat(photo[..., :1], 3, axis=2) if grey else photo
        save(Picture(samples, fading(photo), grey), tmp_path / f"a.{format}")
        found = open_image(tmp_path / f"a.{format}", "RGBA")
        assert difference(found[..., 3], fading(photo)) <= (1 if format == "avif" else 0)
        shown = found[..., 3] > 128
        assert difference(found[shown][..., :3], samples[shown]) <= 3
        if format in ("png", "tiff"):
            with Image.open(tmp_path / f"a.{format}") as image:
                assert image.mode == ("LA" if grey else "RGBA")

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_turned_upright(self, tmp_path: Path, photo: Pixels, orientation: int) -> None:
        picture = Picture(photo, fading(photo), orientation=orientation)
        save(picture, tmp_path / "a.png")
        found = open_image(tmp_path / "a.png", "RGBA")
        expected = oriented(np.dstack([photo, fading(photo)]), orientation)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.asarray(upright(picture)), expected)

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["png", "tiff"])
    @pytest.mark.parametrize("kind", ["grey", "RGB", "RGBA"])
    def test_sixteen_bits(self, tmp_path: Path, orientation: int, format: str, kind: str) -> None:
        colours = np.repeat(DEEP[..., :1], 3, axis=2) if kind == "grey" else DEEP[..., :3]
        alpha = DEEP[..., 3] if kind == "RGBA" else None
        path = tmp_path / f"a.{format}"
        save(Picture(colours, alpha, grey=kind == "grey", orientation=orientation), path)
        found = decode(path)
        assert isinstance(found, Picture)
        assert (found.samples.dtype, found.orientation) == (np.uint16, 1)
        np.testing.assert_array_equal(found.samples, oriented(colours, orientation))
        if alpha is None:
            assert found.alpha is None
        else:
            np.testing.assert_array_equal(found.alpha, oriented(alpha, orientation))
        if format == "tiff":  # and read by others
            channels = {"grey": DEEP[..., 0], "RGB": DEEP[..., :3], "RGBA": DEEP}[kind]
            np.testing.assert_array_equal(tifffile.imread(path), oriented(channels, orientation))

    @pytest.mark.parametrize("format", ["jpg", "webp", "avif"])
    def test_sixteen_bits_are_rounded_where_they_do_not_fit(
        self, tmp_path: Path, photo: Pixels, format: str
    ) -> None:
        save(Picture(photo.astype(np.uint16) * 257 + 100), tmp_path / f"a.{format}")
        assert difference(open_image(tmp_path / f"a.{format}"), photo) < 2.5

    def test_upright_carries_the_profile(self, photo: Pixels) -> None:
        picture = Picture(photo, metadata=Metadata(icc_profile=SRGB))
        assert upright(picture).info["icc_profile"] == SRGB
        assert "icc_profile" not in upright(Picture(photo)).info


class TestQuality:
    @pytest.mark.parametrize("format", ["jpg", "webp", "avif"])
    def test_is_the_encoders(self, tmp_path: Path, photo: Pixels, format: str) -> None:
        sizes, errors = [], []
        for quality in (20, 60, 95):
            path = tmp_path / f"{quality}.{format}"
            save(Picture(photo), path, SaveOptions(quality=quality))
            sizes.append(path.stat().st_size)
            errors.append(difference(open_image(path), photo))
        assert sizes == sorted(sizes)
        assert errors == sorted(errors, reverse=True)
        assert len(set(sizes)) == 3

    @pytest.mark.parametrize("quality", [1, 60, 95, 100])
    def test_of_jpeg_is_libjpegs(self, tmp_path: Path, photo: Pixels, quality: int) -> None:
        save(Picture(photo), tmp_path / "a.jpg", SaveOptions(quality=quality))
        Image.fromarray(photo).save(tmp_path / "b.jpg", quality=quality)
        with Image.open(tmp_path / "a.jpg") as ours, Image.open(tmp_path / "b.jpg") as pillows:
            assert isinstance(ours, JpegImagePlugin.JpegImageFile)
            assert isinstance(pillows, JpegImagePlugin.JpegImageFile)
            assert ours.quantization == pillows.quantization

    def test_colours_keep_their_resolution(self, tmp_path: Path, photo: Pixels) -> None:
        save(Picture(photo), tmp_path / "a.jpg")
        with Image.open(tmp_path / "a.jpg") as image:
            assert JpegImagePlugin.get_sampling(image) == 0  # 4:4:4
        save(Picture(photo), tmp_path / "a.avif")
        data = (tmp_path / "a.avif").read_bytes()
        flags = data[data.index(b"av1C") + 6]  # AV1-ISOBMFF, 2.3.3
        assert flags & 0b1100 == 0  # chroma_subsampling_x and _y


class TestWhatDoesNotFit:
    def test_too_much_for_a_jpeg(self, tmp_path: Path, photo: Pixels) -> None:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x927C] = bytes(70_000)
        metadata = Metadata(exif=exif.tobytes(), xmp=b"<x>" + b" " * 70_000 + b"</x>")
        notes = save(Picture(photo, metadata=metadata), tmp_path / "a.jpg")
        assert notes == (
            "its EXIF data is larger than jpg can hold and was left out",
            "its XMP data is larger than jpg can hold and was left out",
        )
        with Image.open(tmp_path / "a.jpg") as image:
            assert not {"exif", "xmp"} & set(image.info)
        assert save(Picture(photo, metadata=metadata), tmp_path / "a.png") == ()
        with Image.open(tmp_path / "a.png") as image:
            assert image.getexif().get_ifd(0x8769)[0x927C] == bytes(70_000)
            assert len(image.info["xmp"]) > 70_000

    def test_just_enough_for_a_jpeg(self, tmp_path: Path, photo: Pixels) -> None:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x927C] = bytes(64_800)
        metadata = Metadata(exif=exif.tobytes(), xmp=b"<x>" + b" " * 64_900 + b"</x>")
        assert save(Picture(photo, metadata=metadata), tmp_path / "a.jpg") == ()
        with Image.open(tmp_path / "a.jpg") as image:
            assert image.info["xmp"] == metadata.xmp
            assert image.getexif().get_ifd(0x8769)[0x927C] == bytes(64_800)

    def test_large_profiles_fit(self, tmp_path: Path, photo: Pixels) -> None:
        profile = SRGB + bytes(200_000)  # of several segments
        save(Picture(photo, metadata=Metadata(icc_profile=profile)), tmp_path / "a.jpg")
        with Image.open(tmp_path / "a.jpg") as image:
            assert image.info["icc_profile"] == profile

    def test_exif_in_a_deep_tiff(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Maker"
        picture = Picture(DEEP[..., :3], metadata=Metadata(exif=exif.tobytes()))
        assert save(picture, tmp_path / "a.tiff") == ()
        with Image.open(tmp_path / "a.tiff") as image:
            assert image.getexif()[0x010F] == "Maker"

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_grey_profile(self, tmp_path: Path, photo: Pixels, format: str) -> None:
        profile = SRGB[:16] + b"GRAY" + SRGB[20:]
        grey = np.repeat(photo[..., :1], 3, axis=2)
        picture = Picture(grey, grey=True, metadata=Metadata(icc_profile=profile))
        notes = save(picture, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as image:
            assert (image.info.get("icc_profile") is None) == (image.mode == "RGB")
        if format in ("webp", "avif"):
            assert notes == (f"its colour profile is one for grey, which {format} cannot hold",)
        else:
            assert notes == ()


class TestAnimations:
    @pytest.mark.parametrize("format", ["png", "webp", "avif"])
    def test_frames_and_times_are_kept(self, tmp_path: Path, format: str) -> None:
        path = tmp_path / f"a.{format}"
        save(moving("red", "lime", "blue", times=(40.0, 120.4, 400.0)), path)
        with Image.open(path) as image:
            assert image.format == FORMATS[format]
            frames = [(f.convert("RGB"), f.info["duration"]) for f in ImageSequence.Iterator(image)]
        assert [time for _, time in frames] == [40, 120, 400]
        for (frame, _), colour in zip(frames, ("red", "lime", "blue"), strict=True):
            expected = np.asarray(Image.new("RGB", (12, 10), colour))
            assert difference(np.asarray(frame), expected) <= 3

    @pytest.mark.parametrize("format", ["png", "webp", "avif"])
    def test_equal_frames_keep_the_time_together(self, tmp_path: Path, format: str) -> None:
        """Writers may make one of them."""
        path = tmp_path / f"a.{format}"
        save(moving("red", "red", "blue", times=(50.0, 60.0, 70.0)), path)
        with Image.open(path) as image:
            times = [f.copy().info["duration"] for f in ImageSequence.Iterator(image)]
        assert sum(times) == 180
        assert times[-1] == 70

    @pytest.mark.parametrize("format", ["png", "webp"])
    @pytest.mark.parametrize("plays", [0, 1, 5])
    def test_plays(self, tmp_path: Path, format: str, plays: int) -> None:
        assert save(moving("red", "lime", plays=plays), tmp_path / f"a.{format}") == ()
        with Image.open(tmp_path / f"a.{format}") as image:
            assert image.info["loop"] == plays

    def test_more_plays_than_can_be_said(self, tmp_path: Path) -> None:
        assert save(moving("red", "lime", plays=65_536), tmp_path / "a.webp") == ()
        with Image.open(tmp_path / "a.webp") as image:
            assert image.info["loop"] == 65_535

    def test_avif_goes_on_for_ever(self, tmp_path: Path) -> None:
        assert save(moving("red", "lime", plays=0), tmp_path / "a.avif") == ()
        notes = save(moving("red", "lime", plays=3), tmp_path / "a.avif")
        assert notes == ("how often it is played is not kept in avif: it goes on for ever",)

    @pytest.mark.parametrize("format", ["png", "webp", "avif"])
    def test_transparency_in_one_frame_is_enough(self, tmp_path: Path, format: str) -> None:
        clear = np.zeros((10, 12), np.uint8)
        clear[2:7, 3:9] = 255
        red = np.asarray(Image.new("RGB", (12, 10), "red"))
        frames = [Picture(red), Picture(red, clear), Picture(red)]
        animation = Animation((12, 10), (50, 50, 50), 0, Metadata(), lambda: iter(frames))
        save(animation, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as image:
            alphas = [np.asarray(f.convert("RGBA"))[..., 3] for f in ImageSequence.Iterator(image)]
        assert [alphas[0].min(), alphas[2].min()] == [255, 255]
        np.testing.assert_allclose(alphas[1], clear, atol=2 if format == "avif" else 0)

    @pytest.mark.parametrize("format", ["png", "webp", "avif"])
    def test_metadata(self, tmp_path: Path, format: str) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Maker"
        metadata = Metadata(icc_profile=SRGB, exif=exif.tobytes(), xmp=b"<x/>")
        plain = moving("red", "lime")
        animation = Animation(plain.size, plain.milliseconds, 0, metadata, plain.decode_frames)
        save(animation, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as image:
            assert image.n_frames == 2
            assert image.info["icc_profile"] == SRGB
            assert image.getexif()[0x010F] == "Maker"
            assert image.info["xmp"] == b"<x/>"

    def test_broken_frame_leaves_nothing(self, tmp_path: Path) -> None:
        def frames() -> Any:
            yield Picture(np.zeros((10, 12, 3), np.uint8))
            raise ImageError("frame 1: broken")

        with pytest.raises(ImageError, match=r"^frame 1: broken$"):
            save(Animation((12, 10), (50, 50), 0, Metadata(), frames), tmp_path / "a.png")
        assert not list(tmp_path.iterdir())


EXIF = Image.Exif()
