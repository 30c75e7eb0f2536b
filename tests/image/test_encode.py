import errno
import io
import os
import re
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps, ImageSequence, JpegImagePlugin

from jcarsr import partfile
from jcarsr.errors import ImageError, StorageError
from jcarsr.image import (
    FORMATS,
    Animation,
    Metadata,
    Picture,
    SaveOptions,
    check_format,
    decode,
    format_of,
    save,
    upright,
)
from jcarsr.partfile import PART
from jcarsr.pixels import Pixels, Samples

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
DEEP = np.random.default_rng(0).integers(0, 65_536, (9, 11, 4)).astype(np.uint16)


def opened(path: Path, mode: str = "RGB") -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))


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
        ("name", "format"),
        [
            ("a.jpg", "jpg"),
            ("a.JPEG", "jpg"),
            ("a.jfif", "jpg"),
            ("a.tif", "tiff"),
            ("a.apng", "png"),
            ("a.b.webp", "webp"),
            ("a.avif", "avif"),
            ("a.gif", None),
            ("a", None),
            (".png", None),
        ],
    )
    def test_format_of(self, name: str, format: str | None) -> None:
        assert format_of(Path(name)) == format

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


class TestCheckFormat:
    STILL = Picture(np.zeros((2, 2, 3), np.uint8))
    CLEAR = Picture(np.zeros((2, 2, 3), np.uint8), alpha=np.zeros((2, 2), np.uint8))

    @pytest.mark.parametrize(
        ("picture", "size", "format", "message"),
        [
            (moving("red", "lime"), (9, 9), "jpg", "an animation, .*choose png, webp or avif"),
            (moving("red", "lime"), (9, 9), "tiff", "an animation, .* or --first-frame"),
            (CLEAR, (9, 9), "jpg", "has transparency, .*: choose png, webp or avif"),
            (STILL, (65_501, 9), "jpg", "65501x9 is more than jpg can hold .*: choose png or tiff"),
            (STILL, (9, 16_384), "webp", "9x16384 is more than webp can hold "),
            (STILL, (9, 65_536), "avif", "9x65536 is more than avif can hold "),
        ],
    )
    def test_refused(
        self, picture: Picture | Animation, size: tuple[int, int], format: str, message: str
    ) -> None:
        with pytest.raises(ImageError, match=f"^{message}"):
            check_format(picture, size, format)

    @pytest.mark.parametrize(
        ("picture", "size", "format"),
        [
            (moving("red", "lime"), (9, 9), "png"),
            (moving("red", "lime"), (9, 9), "webp"),
            (moving("red", "lime"), (9, 9), "avif"),
            (CLEAR, (9, 9), "tiff"),
            (CLEAR, (9, 9), "avif"),
            (STILL, (65_500, 9), "jpg"),
            (STILL, (9, 16_383), "webp"),
            (STILL, (9, 100_000), "png"),
        ],
    )
    def test_taken(self, picture: Picture | Animation, size: tuple[int, int], format: str) -> None:
        check_format(picture, size, format)

    @pytest.mark.parametrize(("format", "side"), [("jpg", 65_500), ("webp", 16_383)])
    def test_longest_side_is_the_encoders(self, tmp_path: Path, format: str, side: int) -> None:
        line = Image.new("L", (side, 1))
        line.save(tmp_path / f"a.{format}")
        with pytest.raises((OSError, ValueError)):
            line.resize((side + 40, 1)).save(tmp_path / f"b.{format}")

    @pytest.mark.parametrize("picture", [CLEAR, moving("red", "lime")])
    def test_save_checks_too(self, tmp_path: Path, picture: Picture | Animation) -> None:
        with pytest.raises(ImageError, match="which jpg cannot hold"):
            save(picture, tmp_path / "a.jpg")
        assert not list(tmp_path.iterdir())


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
        assert difference(opened(path), samples) <= limit
        assert [p.name for p in path.parent.iterdir()] == [f"a.{format}"]

    @pytest.mark.parametrize("format", ["png", "tiff", "webp", "avif"])
    @pytest.mark.parametrize("grey", [False, True])
    def test_transparency(self, tmp_path: Path, photo: Pixels, format: str, grey: bool) -> None:
        samples = np.repeat(photo[..., :1], 3, axis=2) if grey else photo
        save(Picture(samples, fading(photo), grey), tmp_path / f"a.{format}")
        found = opened(tmp_path / f"a.{format}", "RGBA")
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
        found = opened(tmp_path / "a.png", "RGBA")
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
        assert difference(opened(tmp_path / f"a.{format}"), photo) < 2.5

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
            errors.append(difference(opened(path), photo))
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


def fails(code: int) -> Callable[..., None]:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    return failing


def partial_of(picture: Picture, path: Path) -> Path:
    """What the file is called while it is being written."""
    seen: list[Path] = []
    save(picture, path, before_rename=seen.append)
    return seen[0]


EXIF = Image.Exif()
EXIF[0x010F] = "Maker"
KINDS = {
    "8 bits": Picture(DEEP[..., :3].astype(np.uint8)),
    "8 bits and EXIF": Picture(
        DEEP[..., :3].astype(np.uint8), metadata=Metadata(exif=EXIF.tobytes())
    ),
    "16 bits": Picture(DEEP[..., :3]),
}


class TestWriting:
    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_the_file_is_complete_before_it_has_its_name(
        self, tmp_path: Path, photo: Pixels, format: str
    ) -> None:
        path = tmp_path / f"a.{format}"
        path.write_bytes(b"old")
        seen: list[bytes] = []

        def look(partial: Path) -> None:
            assert partial.parent == tmp_path
            assert re.fullmatch(rf"\.\w+{re.escape(PART)}", partial.name)
            assert path.read_bytes() == b"old"
            seen.append(partial.read_bytes())

        save(Picture(photo), path, before_rename=look)
        assert seen == [path.read_bytes()]
        with Image.open(io.BytesIO(seen[0])) as image:
            image.load()
        assert [p.name for p in tmp_path.iterdir()] == [f"a.{format}"]

    @pytest.mark.parametrize(
        "name", ["a" * 251 + ".png", "ä" * 125 + ".tiff", "\udcff" * 251 + ".jpg"]
    )
    def test_longest_names(self, tmp_path: Path, photo: Pixels, name: str) -> None:
        assert len(os.fsencode(name)) == 255
        save(Picture(photo), tmp_path / name)
        assert opened(tmp_path / name).shape == photo.shape
        assert os.listdir(tmp_path) == [name]

    def test_no_two_writings_share_a_part(self, tmp_path: Path, photo: Pixels) -> None:
        names = ["a.png", "b.png", "a.jpg", "A.png", "a.png", "a.png"]
        partials = {partial_of(Picture(photo[:9, :9]), tmp_path / name) for name in names}
        assert len(partials) == len(names)

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_other_who_writes_the_same_file_meanwhile_spoils_nothing(
        self, tmp_path: Path, photo: Pixels, format: str
    ) -> None:
        """Whoever is renamed last has his own picture there, whole."""
        path, alone = tmp_path / f"a.{format}", tmp_path / f"alone.{format}"
        first, second = Picture(photo), Picture(photo[:20, :30])
        save(first, alone)

        def other(partial: Path) -> None:
            save(second, path)
            assert opened(path).shape == (20, 30, 3)

        save(first, path, before_rename=other)
        assert path.read_bytes() == alone.read_bytes()
        assert len(list(tmp_path.iterdir())) == 2

    def test_link_in_the_results_place_is_replaced_and_not_followed(
        self, tmp_path: Path, photo: Pixels
    ) -> None:
        (tmp_path / "precious").write_bytes(b"precious")
        (tmp_path / "a.png").symlink_to("precious")
        save(Picture(photo), tmp_path / "a.png")
        assert (tmp_path / "precious").read_bytes() == b"precious"
        assert not (tmp_path / "a.png").is_symlink()
        assert opened(tmp_path / "a.png").shape == photo.shape

    def test_failure_before_the_rename_leaves_the_old_file(
        self, tmp_path: Path, photo: Pixels
    ) -> None:
        (tmp_path / "a.png").write_bytes(b"old")

        def fail(partial: Path) -> None:
            assert partial.exists()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            save(Picture(photo), tmp_path / "a.png", before_rename=fail)
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a.png": b"old"}

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("format", ["png", "tiff"])
    def test_every_way_of_writing_has_one_part_that_a_signal_removes(
        self, tmp_path: Path, kind: str, format: str
    ) -> None:
        """Each has a writer of its own; a signal becomes SystemExit."""
        (tmp_path / "precious").write_bytes(b"precious")
        path = tmp_path / f"a.{format}"
        path.symlink_to("precious")

        def end(partial: Path) -> None:
            others = {entry.name for entry in tmp_path.iterdir()} - {path.name, "precious"}
            assert others == {partial.name}
            assert partial.is_file()
            assert not partial.is_symlink()
            raise SystemExit(143)

        with pytest.raises(SystemExit):
            save(KINDS[kind], path, before_rename=end)
        assert {entry.name for entry in tmp_path.iterdir()} == {path.name, "precious"}
        save(KINDS[kind], path)
        assert not path.is_symlink()
        assert (tmp_path / "precious").read_bytes() == b"precious"
        assert decode(path).size == (11, 9)

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_failed_write_leaves_nothing(self, tmp_path: Path, photo: Pixels, format: str) -> None:
        (tmp_path / f"a.{format}").mkdir()
        with pytest.raises(ImageError, match=r"^cannot be written") as error:
            save(Picture(photo), tmp_path / f"a.{format}")
        assert "\n" not in str(error.value)
        assert not isinstance(error.value, StorageError)
        assert [p.name for p in tmp_path.iterdir()] == [f"a.{format}"]

    def test_folder_that_is_a_file(self, tmp_path: Path, photo: Pixels) -> None:
        (tmp_path / "sub").write_text("")
        with pytest.raises(ImageError, match=r"^cannot be written \("):
            save(Picture(photo), tmp_path / "sub" / "a.png")

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (errno.ENOSPC, StorageError),
            (errno.EDQUOT, StorageError),
            (errno.EROFS, StorageError),
            (errno.EACCES, ImageError),
            (errno.EIO, ImageError),
        ],
    )
    @pytest.mark.parametrize("step", ["fsync", "rename", "folder"])
    def test_full_or_read_only_disk(
        self,
        tmp_path: Path,
        photo: Pixels,
        monkeypatch: pytest.MonkeyPatch,
        code: int,
        kind: type[ImageError],
        step: str,
    ) -> None:
        owner, name = {
            "fsync": (os, "fsync"),
            "rename": (Path, "replace"),
            "folder": (Path, "mkdir"),
        }[step]
        monkeypatch.setattr(owner, name, fails(code))
        with pytest.raises(ImageError) as error:
            save(Picture(photo), tmp_path / "a.png")
        assert type(error.value) is kind
        assert str(error.value) == f"cannot be written ({os.strerror(code)})"
        assert not list(tmp_path.iterdir())

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
    @pytest.mark.parametrize("format", sorted(FORMATS))
    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_really_full_disk(
        self,
        tmp_path: Path,
        format: str,
        kind: str,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        path = tmp_path / f"a.{format}"
        save(KINDS[kind], path)
        old = path.read_bytes()

        def create(folder: Path) -> tuple[Path, int]:
            (folder / "part").symlink_to("/dev/full")
            return folder / "part", os.open("/dev/full", os.O_RDWR)

        monkeypatch.setattr(partfile, "_create", create)
        with pytest.raises(StorageError, match="No space left on device"):
            save(KINDS[kind], path)
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {path.name: old}
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("format", sorted(FORMATS))
    @pytest.mark.parametrize("kind", sorted(KINDS))
    @pytest.mark.parametrize("missing", [1, 100])
    def test_no_room_for_the_last_bytes(
        self, tmp_path: Path, format: str, kind: str, missing: int
    ) -> None:
        """The system then takes a part of what is written, which is no error by itself."""
        path = tmp_path / f"a.{format}"
        save(KINDS[kind], path)
        old, (soft, hard) = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) - missing, hard))
        try:
            with pytest.raises(ImageError, match=r"cannot be written \(File too large\)"):
                save(KINDS[kind], path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {path.name: old}
