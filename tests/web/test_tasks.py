import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

import jcarsr
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import ImageError, PixelLimitError, WeightsError
from jcarsr.image import SaveOptions, decode
from jcarsr.image.colour.icc import Curve, make_profile
from jcarsr.image.facts import facts
from jcarsr.image.picture import Picture
from jcarsr.methods.bicubic import Bicubic
from jcarsr.web.tasks import Convert, Enlarge, Inspect, Performer, Restore

Jpeg = Callable[..., bytes]
MAX_PIXELS = 20_000


@pytest.fixture(scope="module")
def performer() -> Performer:
    return Performer(EngineOptions(engine="onnx", threads=1), MAX_PIXELS, 2**31)


@pytest.fixture(scope="module")
def restorer() -> jcarsr.Restorer:
    return jcarsr.Restorer(engine="onnx", threads=1)


@pytest.fixture
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def source(tmp_path: Path, jpeg: Jpeg, profile: bytes) -> Path:
    """A photograph to be turned, with a profile, a description and a resolution."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    path = tmp_path / "upload"
    path.write_bytes(jpeg(size=(40, 24), exif=exif, icc_profile=profile, dpi=(150, 150)))
    return path


@pytest.fixture
def animation(tmp_path: Path) -> Path:
    frames = [Image.new("RGB", (20, 16), (80 * n, 0, 0)) for n in range(3)]
    path = tmp_path / "animation"
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=50)
    return path


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def restore(source: Path, name: str, **more: Any) -> Restore:
    result = str(source.with_name(name))
    return Restore(source=str(source), result=result, **{"scale": 2, "weights": "auto", **more})


class TestRestore:
    @pytest.mark.parametrize(
        ("name", "more"),
        [
            ("a.png", {"scale": 1}),
            ("a.png", {"scale": 4}),
            ("a.jpg", {"quality": 30}),
            ("a.webp", {"quality": 60, "strip_metadata": True}),
            ("a.tiff", {}),
        ],
    )
    def test_file_is_the_librarys(
        self,
        performer: Performer,
        restorer: jcarsr.Restorer,
        source: Path,
        name: str,
        more: dict[str, Any],
    ) -> None:
        answer = performer.perform(restore(source, name, **more))
        expected = source.with_name(f"expected-{name}")
        scale = more.pop("scale", 2)
        outcome = restorer.restore_file(
            source, expected, jcarsr.Target(scale=scale), save=SaveOptions(**more)
        )
        assert source.with_name(name).read_bytes() == expected.read_bytes()
        assert answer == {
            "width": 24 * scale,
            "height": 40 * scale,
            "frames": None,
            "scale": scale,
            "weights": "jcarsr-lite-x4" if scale == 4 else "jcarsr-lite-x2",
            "notes": list(outcome.notes),
            "strength": 1.0,
            "crisp": 0.0,
            "support": asdict(outcome.support) if outcome.support else None,
        }

    def test_networks_are_chosen_by_size(self, performer: Performer, source: Path) -> None:
        auto, small = restore(source, "a.png"), restore(source, "b.png", weights="small")
        assert performer.perform(auto) == performer.perform(small)
        assert Path(auto.result).read_bytes() == Path(small.result).read_bytes()
        with pytest.raises(WeightsError, match="the large network is not trained yet"):
            performer.perform(restore(source, "c.png", weights="large"))

    def test_tiles_are_told(self, performer: Performer, source: Path) -> None:
        told: list[tuple[int, int]] = []
        performer.perform(restore(source, "a.png"), lambda *tiles: told.append(tiles))
        assert told == [(1, 1)]

    def test_too_many_pixels(self, performer: Performer, tmp_path: Path) -> None:
        large = tmp_path / "large"
        Image.new("RGB", (200, 101)).save(large, "PNG")
        with pytest.raises(PixelLimitError):
            performer.perform(restore(large, "a.png"))

    def test_animation(self, performer: Performer, animation: Path) -> None:
        assert performer.perform(restore(animation, "a.webp"))["frames"] == 3
        with Image.open(animation.with_name("a.webp")) as image:
            assert (image.n_frames, image.size) == (3, (40, 32))
        with pytest.raises(ImageError, match="an animation, which jpg cannot hold"):
            performer.perform(restore(animation, "a.jpg"))


def test_inspect(performer: Performer, source: Path) -> None:
    answer = performer.perform(Inspect(source=str(source), scale=4, weights="auto"))
    assert answer["weights"]["name"] == "jcarsr-lite-x4"
    assert {**answer, "weights": 0, "memory": 0} == {
        **asdict(facts(source)),
        "weights": 0,
        "memory": 0,
    }


def edges(source: Path, result: Path) -> Restore:
    """The gradient branch's map."""
    return Restore(
        source=str(source), result=str(result), scale=2, weights="auto", output="gradient"
    )


class TestGradient:
    def test_map_is_the_batchs(
        self, performer: Performer, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As `jcarsr restore --save-gradient` writes it."""
        from jcarsr.cli import main

        result = source.with_name("map.png")
        task = edges(source, result)
        answer = performer.perform(task)
        out = str(source.with_name("out.png"))
        options = [str(source), "-o", out, "--save-gradient", "--engine", "onnx", "--threads", "1"]
        monkeypatch.setattr("sys.argv", ["jcarsr", "restore", *options])
        with pytest.raises(SystemExit):
            main()
        assert result.read_bytes() == source.with_name("out.gradient.png").read_bytes()
        assert (answer["width"], answer["height"]) == (48, 80)

    def test_animation_has_none(self, performer: Performer, animation: Path) -> None:
        task = edges(animation, animation.with_name("map.png"))
        with pytest.raises(ImageError, match=r"^an animation has no one gradient map$"):
            performer.perform(task)


class TestEnlarge:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_it_is_the_projects_bicubic(
        self, performer: Performer, jpeg: Jpeg, tmp_path: Path, profile: bytes, orientation: int
    ) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        source = tmp_path / "upload"
        source.write_bytes(jpeg(size=(40, 24), exif=exif, icc_profile=profile))
        result = tmp_path / "before.png"
        with Image.open(source) as image:
            upright = ImageOps.exif_transpose(image)
            size = (upright.width * 4, upright.height * 4)
            expected = Bicubic(4).restore(np.array(upright))
        task = Enlarge(source=str(source), result=str(result), width=size[0], height=size[1])
        performer.perform(task)
        np.testing.assert_array_equal(pixels(result), expected)
        with Image.open(result) as image:
            assert image.info["icc_profile"] == profile

    @pytest.mark.parametrize("mode", ["L", "RGBA", "I;16"])
    def test_other_kinds(self, performer: Performer, tmp_path: Path, mode: str) -> None:
        values = np.random.default_rng(0).integers(1, 256, (20, 30, 4), np.uint8)
        image = Image.fromarray(values)
        grey = image.convert("L")
        sixteen = Image.fromarray(np.array(grey).astype(np.uint16) * 257)
        source = tmp_path / "upload"
        {"L": grey, "RGBA": image, "I;16": sixteen}[mode].save(source, "PNG")
        result = tmp_path / "before.png"
        performer.perform(Enlarge(source=str(source), result=str(result), width=60, height=40))
        samples = np.atleast_3d(np.array(image if mode == "RGBA" else grey))
        planes = [
            Bicubic(2).restore(samples[..., [n] * 3])[..., 0] for n in range(samples.shape[2])
        ]
        with Image.open(result) as image:
            assert image.mode == ("RGBA" if mode == "RGBA" else "L")
            np.testing.assert_array_equal(np.atleast_3d(np.array(image)), np.stack(planes, axis=2))

    def test_start_of_an_animation(self, performer: Performer, animation: Path) -> None:
        result = animation.with_name("before.png")
        performer.perform(Enlarge(source=str(animation), result=str(result), width=40, height=32))
        with Image.open(result) as image:
            assert image.convert("RGB").getcolors() == [(40 * 32, (0, 0, 0))]


class TestConvert:
    @pytest.mark.parametrize("format", ["jpg", "webp", "tiff"])
    def test_it_is_pillows(
        self, performer: Performer, source: Path, profile: bytes, format: str
    ) -> None:
        performer.perform(restore(source, "a.png"))
        made = source.with_name("a.png")
        converted = source.with_name(f"converted.{format}")
        task = Convert(source=str(made), result=str(converted), quality=70)
        performer.perform(task)
        with Image.open(made) as image, io.BytesIO() as file:
            options: dict[str, Any] = {
                "jpg": {"format": "JPEG", "quality": 70, "subsampling": 0},
                "webp": {"format": "WEBP", "quality": 70},
                "tiff": {"format": "TIFF"},
            }[format]
            image.save(file, **options)
            expected = np.array(Image.open(file))
        np.testing.assert_array_equal(pixels(converted), expected)
        with Image.open(converted) as image:
            assert image.getexif()[0x010E] == "a description"
            assert image.info["icc_profile"] == profile
            assert image.getexif().get(0x0112, 1) == 1

    def test_results_have_more_pixels_than_inputs_may(
        self, performer: Performer, tmp_path: Path, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And afterwards an input may still have no more."""
        source = tmp_path / "upload"
        source.write_bytes(jpeg(size=(150, 130)))
        performer.perform(restore(source, "a.png"))
        converted = str(tmp_path / "a.jpg")
        performer.perform(Convert(source=str(tmp_path / "a.png"), result=converted, quality=90))
        assert Image.MAX_IMAGE_PIXELS == MAX_PIXELS
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        assert pixels(Path(converted)).shape == (260, 300, 3)
        with pytest.raises(PixelLimitError):
            performer.perform(Inspect(source=converted, scale=2, weights="auto"))

    @pytest.mark.parametrize("format", ["png", "jpg", "webp", "avif", "tiff"])
    def test_file_is_that_of_restoring_to_it(
        self, performer: Performer, source: Path, format: str
    ) -> None:
        """With a comment and a text, which some formats hold and others do not."""
        texts = PngInfo()
        texts.add_text("prompt", "a cat")
        with Image.open(source) as image:
            image.save(source, "PNG", pnginfo=texts, exif=image.getexif(), dpi=(150, 150))
        at_once = performer.perform(restore(source, f"b.{format}", strength=0.5, mark=True))
        made = performer.perform(restore(source, "a.png", mark=True))
        assert made["notes"] == []
        task = Convert(
            source=str(source.with_name("a.png")),
            result=str(source.with_name(f"c.{format}")),
            quality=95,
            strength=0.5,
            recorded=0.5,
            mark=True,
            before=str(source),
        )
        assert performer.perform(task) == {"notes": at_once["notes"]}
        assert Path(task.result).read_bytes() == source.with_name(f"b.{format}").read_bytes()
        assert bool(at_once["notes"]) == (format != "png")

    def test_comment_comes_back_into_a_jpeg(
        self, performer: Performer, source: Path, jpeg: Jpeg
    ) -> None:
        source.write_bytes(jpeg(size=(24, 16), comment=b"by Anna"))
        performer.perform(restore(source, "a.png"))
        performer.perform(converted(source, "b.jpg"))
        with Image.open(source.with_name("b.jpg")) as image:
            assert image.info["comment"] == b"by Anna"

    @pytest.mark.parametrize("format", ["jpg", "webp", "avif", "tiff", "png"])
    def test_16_bits_and_8_are_mixed_on_one_scale(
        self, performer: Performer, tmp_path: Path, format: str
    ) -> None:
        source = tmp_path / "upload"
        ramp = np.linspace(0.3, 0.7, 24 * 16).reshape(16, 24)
        Image.fromarray((65_535 * ramp).astype(np.uint16)).save(source, "PNG")
        performer.perform(restore(source, f"a.{format}"))
        performer.perform(converted(source, f"b.{format}", strength=0.5, name=f"a.{format}"))
        full, half = (decode(tmp_path / f"{name}.{format}") for name in "ab")
        assert isinstance(full, Picture)
        assert isinstance(half, Picture)
        assert half.samples.dtype == full.samples.dtype
        difference = full.samples.astype(float) - half.samples
        assert np.abs(difference).max() < 0.04 * np.iinfo(full.samples.dtype).max

    def test_profile_of_grey_in_a_format_without(
        self, performer: Performer, tmp_path: Path
    ) -> None:
        """A grey of gamma 1.0, which is lighter in sRGB than its samples look."""
        source = tmp_path / "upload"
        Image.new("L", (24, 16), 60).save(
            source, "PNG", icc_profile=make_profile("a", None, Curve(1.0))
        )
        performer.perform(restore(source, "a.webp"))
        performer.perform(converted(source, "b.webp", strength=0.5, name="a.webp"))
        full, half = (pixels(tmp_path / f"{name}.webp").astype(float) for name in "ab")
        assert full.mean() > 120
        assert abs(full.mean() - half.mean()) < 3

    def test_metadata_stay_away(self, performer: Performer, source: Path) -> None:
        performer.perform(restore(source, "a.png", strip_metadata=True))
        performer.perform(converted(source, "b.png", strength=0.5, strip_metadata=True))
        with Image.open(source.with_name("b.png")) as image:
            assert set(image.info) == {"icc_profile"}

    def test_animation_is_named_in_terms_of_the_api(
        self, performer: Performer, animation: Path
    ) -> None:
        performer.perform(restore(animation, "a.png"))
        with pytest.raises(
            ImageError, match=r"^an animation, which jpg cannot hold: choose png, webp or avif$"
        ):
            performer.perform(converted(animation, "b.jpg"))
        performer.perform(converted(animation, "b.webp"))
        with Image.open(animation.with_name("b.webp")) as image:
            assert image.n_frames == 3


def converted(source: Path, new: str, name: str = "a.png", **more: Any) -> Convert:
    made, result = (str(source.with_name(each)) for each in (name, new))
    return Convert(source=made, result=result, quality=95, before=str(source), **more)
