import io
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from jcarsr.errors import ImageError
from jcarsr.image import (
    FORMATS,
    Animation,
    Picture,
    ReadOptions,
    decode,
    decode_rgb,
    from_pillow,
    save,
    size_of,
)
from jcarsr.pixels import Pixels

ORIENTATION = 0x0112
COLOURS = ("red", "lime", "blue", "white")
TRUNCATED = "truncated: what could be decoded was taken"


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def still(data: bytes, **options: Any) -> Picture:
    picture = decode(io.BytesIO(data), ReadOptions(**options))
    assert isinstance(picture, Picture)
    return picture


def animation(data: bytes, **options: Any) -> Animation:
    picture = decode(io.BytesIO(data), ReadOptions(**options))
    assert isinstance(picture, Animation)
    return picture


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(ImageError) as error:
        decode(io.BytesIO(data), ReadOptions(**options))
    assert "\n" not in str(error.value)
    return str(error.value)


def by_pillow(data: bytes, mode: str = "RGB") -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert(mode))


def difference(a: Any, b: Any) -> float:
    return float(np.abs(np.asarray(a).astype(int) - np.asarray(b)).mean())


def plain(colours: Sequence[str] = COLOURS, size: tuple[int, int] = (12, 10)) -> list[Image.Image]:
    return [Image.new("RGB", size, colour) for colour in colours]


def transposed(image: Image.Image, exif: Image.Exif) -> Pixels:
    """As Pillow turns it."""
    copy = Image.fromarray(np.asarray(image))
    copy.info["exif"] = exif.tobytes()
    return np.asarray(ImageOps.exif_transpose(copy))


def moving(frames: list[Image.Image], format: str, **options: Any) -> bytes:
    return saved(frames[0], format, save_all=True, append_images=frames[1:], **options)


@pytest.fixture
def image(photo: Pixels) -> Image.Image:
    return Image.fromarray(photo)


class TestStills:
    @pytest.mark.parametrize(
        ("format", "options"),
        [
            ("PNG", {}),
            ("WEBP", {"lossless": True}),
            ("TIFF", {}),
            ("TIFF", {"compression": "tiff_lzw"}),
            ("BMP", {}),
        ],
        ids=str,
    )
    def test_lossless(self, photo: Pixels, format: str, options: dict[str, Any]) -> None:
        picture = still(saved(Image.fromarray(photo), format, **options))
        assert picture.samples.dtype == np.uint8
        np.testing.assert_array_equal(picture.samples, photo)
        assert (picture.alpha, picture.grey, picture.orientation) == (None, False, 1)
        assert (picture.size, picture.notes) == ((256, 192), ())

    @pytest.mark.parametrize("mode", ["RGB", "L"])
    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
    def test_jpeg(self, image: Image.Image, mode: str, progressive: bool, subsampling: str) -> None:
        source = image.convert(mode)
        data = saved(source, "JPEG", quality=97, progressive=progressive, subsampling=subsampling)
        assert (b"\xff\xc2" in data) == progressive
        picture = still(data)
        np.testing.assert_array_equal(picture.samples, by_pillow(data))
        assert difference(picture.samples, source.convert("RGB")) < 3
        assert picture.grey == (mode == "L")

    @pytest.mark.parametrize("format", ["WEBP", "AVIF", "GIF"])
    def test_lossy(self, image: Image.Image, format: str) -> None:
        data = saved(image, format)
        picture = still(data)
        np.testing.assert_array_equal(picture.samples, by_pillow(data))
        assert difference(picture.samples, image) < 6

    @pytest.mark.parametrize("orientation", [1, 3, 6])
    def test_heic_is_upright_whatever_its_orientation(
        self, image: Image.Image, orientation: int
    ) -> None:
        heif = pytest.importorskip("pillow_heif")
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        stream = io.BytesIO()
        heif.from_pillow(image).save(stream, quality=95, exif=exif.tobytes())
        picture = still(stream.getvalue())
        assert picture.orientation == 1
        assert difference(picture.samples, transposed(image, exif)) < 3

    def test_camera_jpeg_with_previews_is_its_first_picture(self, image: Image.Image) -> None:
        preview = image.resize((64, 48))
        data = saved(image, "MPO", save_all=True, append_images=[preview], quality=95)
        picture = still(data)
        assert picture.size == (256, 192)
        assert difference(picture.samples, image) < 3

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_pixels_stay_as_stored_and_the_orientation_is_told(
        self, image: Image.Image, format: str, orientation: int
    ) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        picture = still(saved(image, format, exif=exif))
        assert picture.orientation == orientation
        assert picture.samples.shape == (192, 256, 3)
        assert difference(picture.samples, image) < 6
        assert picture.size == ((192, 256) if orientation >= 5 else (256, 192))

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_tiff_is_turned_upright(self, image: Image.Image, orientation: int) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        picture = still(saved(image, "TIFF", exif=exif))
        assert picture.orientation == 1
        np.testing.assert_array_equal(picture.samples, transposed(image, exif))

    @pytest.mark.parametrize("value", [0, 9, 65_535])
    def test_orientation_that_there_is_not(self, image: Image.Image, value: int) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = value
        assert still(saved(image, "PNG", exif=exif)).orientation == 1

    def test_profile_of_another_kind_of_colours_is_left_out(self, image: Image.Image) -> None:
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        grey = srgb[:16] + b"GRAY" + srgb[20:]
        wild = srgb[:16] + b"\x1b[2J" + srgb[20:]
        for mode, profile, space in (("RGB", grey, "GRAY"), ("L", wild, "[2J")):
            picture = still(saved(image.convert(mode), "JPEG", icc_profile=profile))
            assert picture.metadata.icc_profile is None
            assert picture.notes == (f"its colour profile is one for {space} and was left out",)
        for mode, profile in (("RGB", srgb), ("L", grey)):
            picture = still(saved(image.convert(mode), "JPEG", icc_profile=profile))
            assert (picture.metadata.icc_profile, picture.notes) == (profile, ())


class TestOtherDoors:
    def test_decode_rgb(self, image: Image.Image, photo: Pixels) -> None:
        np.testing.assert_array_equal(decode_rgb(io.BytesIO(saved(image, "PNG"))), photo)
        deep = io.BytesIO()
        tifffile.imwrite(deep, photo.astype(np.uint16) * 257, photometric="rgb")
        np.testing.assert_array_equal(decode_rgb(io.BytesIO(deep.getvalue())), photo)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (saved(Image.new("RGBA", (4, 4)), "PNG"), "has transparency"),
            (moving(plain(), "GIF"), "an animation"),
            (b"", "not a picture that can be read"),
        ],
    )
    def test_decode_rgb_takes_opaque_stills_only(self, data: bytes, message: str) -> None:
        with pytest.raises(ImageError, match=f"^{message}$"):
            decode_rgb(io.BytesIO(data))

    def test_from_pillow(self, photo: Pixels) -> None:
        alpha = photo[..., 0]
        picture = from_pillow(Image.fromarray(np.dstack([photo, alpha])))
        np.testing.assert_array_equal(picture.samples, photo)
        np.testing.assert_array_equal(picture.alpha, alpha)
        with pytest.raises(ImageError, match=r"^pictures of mode HSV are not supported$"):
            from_pillow(Image.new("HSV", (4, 4)))

    def test_from_pillow_takes_the_frame_at_which_it_stands(self) -> None:
        with Image.open(io.BytesIO(moving(plain(), "WEBP", lossless=True))) as opened:
            opened.seek(2)
            assert from_pillow(opened).samples[0, 0].tolist() == [0, 0, 255]

    def test_size_needs_the_header_only(self, image: Image.Image, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(saved(image, "JPEG")[:700])
        assert size_of(tmp_path / "a.jpg") == (192, 256)
        assert size_of(io.BytesIO(saved(image, "PNG")[:60])) == (192, 256)
        with pytest.raises(ImageError, match="more than 49,151 pixels"):
            size_of(tmp_path / "a.jpg", ReadOptions(max_pixels=192 * 256 - 1))


class TestAnimations:
    @pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_frames_and_their_times(self, format: str) -> None:
        options = {"quality": 100, "subsampling": "4:4:4"} if format == "AVIF" else {}
        options |= {"lossless": True} if format == "WEBP" else {}
        found = animation(moving(plain(), format, duration=[40, 80, 120, 400], **options))
        assert (len(found), found.size) == (4, (12, 10))
        assert found.milliseconds == (40, 80, 120, 400)
        for _ in range(2):  # frames can be asked for again
            frames = list(found.decode_frames())
            assert [frame.samples.shape for frame in frames] == [(10, 12, 3)] * 4
            for frame, colour in zip(frames, plain(), strict=True):
                assert difference(frame.samples, colour) <= 2
                assert frame.alpha is None

    @pytest.mark.parametrize(
        ("format", "said", "plays"),
        [
            ("GIF", None, 1),  # without Netscape's extension
            ("GIF", 0, 0),
            ("GIF", 3, 4),  # repetitions
            ("PNG", 0, 0),
            ("PNG", 3, 3),
            ("WEBP", 0, 0),
            ("WEBP", 3, 3),
            ("AVIF", None, 0),
        ],
    )
    def test_plays(self, format: str, said: int | None, plays: int) -> None:
        data = moving(plain(), format, duration=50, **({} if said is None else {"loop": said}))
        if format == "GIF":
            assert (b"NETSCAPE2.0\3\1" in data) == (said is not None)
        assert animation(data).plays == plays

    def test_still_for_viewers_without_animation_is_no_frame(self) -> None:
        data = moving(plain(), "PNG", default_image=True, duration=[10, 20, 30])
        found = animation(data)
        assert found.milliseconds == (10, 20, 30)
        first = [frame.samples[0, 0].tolist() for frame in found.decode_frames()]
        assert first == [[0, 255, 0], [0, 0, 255], [255, 255, 255]]
        assert still(data, first_frame=True).samples[0, 0].tolist() == [255, 0, 0]

    @pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_first_frame_alone(self, format: str) -> None:
        options = {"lossless": True} if format == "WEBP" else {}
        picture = still(moving(plain(), format, duration=50, **options), first_frame=True)
        assert difference(picture.samples, plain()[0]) <= 2

    @pytest.mark.parametrize(
        ("format", "options"),
        [
            ("GIF", {"disposal": 2}),
            ("PNG", {"disposal": 0}),
            ("PNG", {"disposal": 1}),
            ("WEBP", {"lossless": True}),
            ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
        ],
        ids=str,
    )
    def test_transparency(self, format: str, options: dict[str, Any]) -> None:
        shapes = np.zeros((3, 20, 30, 4), np.uint8)
        for index in range(3):
            shapes[index, 5:15, index * 8 : index * 8 + 10] = (200, 30, 60, 255)
        data = moving([Image.fromarray(shape) for shape in shapes], format, **options)
        for frame, shape in zip(animation(data).decode_frames(), shapes, strict=True):
            np.testing.assert_array_equal(frame.alpha, shape[..., 3])
            shown = frame.samples[shape[..., 3] == 255]
            assert np.abs(shown.astype(int) - (200, 30, 60)).max() <= 3

    def test_partly_changed_frames_are_whole(self, photo: Pixels) -> None:
        """Writers store the changed rectangle only."""
        frames = [photo[:40, :60].copy() for _ in range(3)]
        frames[1][10:20, 5:15] = 0
        frames[2][30:32, 50:52] = 255
        data = moving([Image.fromarray(frame) for frame in frames], "PNG")
        for frame, expected in zip(animation(data).decode_frames(), frames, strict=True):
            np.testing.assert_array_equal(frame.samples, expected)

    @pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_all_frames_count_as_pixels(self, format: str) -> None:
        data = moving(plain(), format, duration=50)
        assert len(animation(data, max_pixels=480)) == 4
        message = "4 frames of 12x10 are more than 479 pixels: refused as a bomb"
        assert refusal(data, max_pixels=479) == message
        assert still(data, max_pixels=120, first_frame=True).size == (12, 10)

    def test_frame_beyond_the_edge_is_refused(self) -> None:
        """Pillow's image would grow, past what was counted."""
        data = bytearray(moving(plain(), "GIF", duration=50))
        second = data.index(b"\x2c", data.index(b"\x2c") + 10)
        struct.pack_into("<HH", data, second + 5, 5000, 5000)
        message = "cannot be decoded (frame 1 is larger than the picture)"
        assert refusal(bytes(data), max_pixels=1000) == message

    def test_pages_are_refused_naming_the_option(self) -> None:
        data = moving(plain(), "TIFF")
        assert refusal(data).endswith("with --first-frame")
        assert still(data, first_frame=True).samples[0, 0].tolist() == [255, 0, 0]

    def test_metadata(self) -> None:
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        data = moving(plain(), "WEBP", icc_profile=srgb, xmp=b"<x/>")
        metadata = animation(data).metadata
        assert (metadata.icc_profile, metadata.xmp) == (srgb, b"<x/>")
        cmyk = srgb[:16] + b"CMYK" + srgb[20:]
        assert animation(moving(plain(), "WEBP", icc_profile=cmyk)).metadata.icc_profile is None

    @pytest.mark.parametrize("format", ["GIF", "PNG"])
    def test_truncated(self, image: Image.Image, format: str) -> None:
        data = moving([image, image.rotate(90)], format)
        assert refusal(data[: len(data) * 2 // 3]).startswith("cannot be decoded (")


class TestHostile:
    @pytest.mark.parametrize(
        ("kind", "message"),
        [
            ("missing", "no such file"),
            ("empty", "not a picture that can be read"),
            ("text", "not a picture that can be read"),
            ("folder", "cannot be opened"),
        ],
    )
    def test_what_is_no_picture(self, tmp_path: Path, kind: str, message: str) -> None:
        path = tmp_path / "a.jpg"
        if kind == "folder":
            path.mkdir()
        elif kind != "missing":
            path.write_text("no picture\nat all" if kind == "text" else "")
        with pytest.raises(ImageError, match=f"^{message}") as error:
            decode(path)
        assert "\n" not in str(error.value)

    def test_pixels_are_counted_at_the_input(self, image: Image.Image) -> None:
        data = saved(image, "JPEG")
        assert still(data, max_pixels=192 * 256).size == (256, 192)
        assert "refused as a bomb" in refusal(data, max_pixels=192 * 256 - 1)

    @pytest.mark.parametrize(
        ("format", "options"),
        [
            ("JPEG", {}),
            ("JPEG", {"progressive": True}),
            ("PNG", {}),
            ("TIFF", {}),
            ("BMP", {}),
            ("GIF", {}),
        ],
        ids=str,
    )
    def test_truncated_is_refused(
        self, image: Image.Image, format: str, options: dict[str, Any]
    ) -> None:
        data = saved(image, format, **options)
        message = refusal(data[: len(data) // 2])
        assert message.startswith("cannot be decoded (")

    @pytest.mark.parametrize("format", ["WEBP", "AVIF"])
    @pytest.mark.parametrize("salvage", [False, True])
    def test_formats_without_rows_cannot_be_salvaged(
        self, image: Image.Image, format: str, salvage: bool
    ) -> None:
        data = saved(image, format)
        refusal(data[: len(data) // 2], salvage=salvage)

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "MPO"])
    def test_salvage_keeps_the_rows_that_came(self, image: Image.Image, format: str) -> None:
        whole = saved(image, format)
        expected = by_pillow(whole)
        picture = still(whole[: len(whole) // 2], salvage=True)
        assert picture.samples.shape == expected.shape
        assert picture.notes == (TRUNCATED,)
        wrong = (picture.samples != expected).any(axis=(1, 2))
        rows = int(np.argmax(wrong))  # the first row that is wrong
        assert 60 < rows < 110  # about half

    def test_salvage_keeps_all_scans_of_a_progressive_jpeg(self, image: Image.Image) -> None:
        whole = saved(image, "JPEG", progressive=True, quality=90)
        expected = by_pillow(whole)
        errors = [
            difference(still(whole[: len(whole) * percent // 100], salvage=True).samples, expected)
            for percent in (30, 60, 90)
        ]
        assert errors[0] > errors[1] > errors[2] > 0  # of the whole picture, ever finer
        assert errors[0] < 12

    @pytest.mark.parametrize("format", ["png", "tiff"])
    def test_salvage_of_sixteen_bits(self, tmp_path: Path, format: str) -> None:
        samples = np.random.default_rng(0).integers(0, 65_536, (64, 50, 3)).astype(np.uint16)
        if format == "png":
            save(Picture(samples), tmp_path / "a.png")
        else:
            tifffile.imwrite(tmp_path / "a.tiff", samples, photometric="rgb", rowsperstrip=4)
        data = (tmp_path / f"a.{format}").read_bytes()
        if format == "tiff":  # its directory stands before its pixels
            with tifffile.TiffFile(io.BytesIO(data)) as file:
                assert file.pages.first.tags[256].offset < file.pages.first.dataoffsets[0]
        picture = still(data[: len(data) // 2], salvage=True)
        assert picture.notes == (TRUNCATED,)
        same = (picture.samples == samples).all(axis=(1, 2))
        assert same[:24].all()
        assert not same[40:].any()

    @pytest.mark.parametrize("orientation", [3, 6])
    def test_salvaged_tiff_is_still_to_be_turned(
        self, image: Image.Image, orientation: int
    ) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        whole = saved(image, "TIFF", exif=exif)
        picture = still(whole[: len(whole) // 2], salvage=True)
        assert picture.orientation == orientation
        np.testing.assert_array_equal(picture.samples[:80], np.asarray(image)[:80])

    def test_whole_files_are_salvaged_without_a_note(self, image: Image.Image) -> None:
        assert still(saved(image, "JPEG"), salvage=True).notes == ()

    def test_flipped_bytes_cost_an_image_error_at_most(self, tmp_path: Path) -> None:
        """Each of many broken files is refused in one line or restored."""
        rng = np.random.default_rng(0)
        small = Image.fromarray(rng.integers(0, 256, (9, 12, 3)).astype(np.uint8))
        exif = Image.Exif()
        exif.update({ORIENTATION: 6, 0x8298: "me"})
        exif.get_ifd(0x8769)[0xA002] = 12
        options: dict[str, Any] = {"exif": exif.tobytes()}
        whole = [
            *(saved(small, name, **options) for name in ("JPEG", "PNG", "WEBP", "TIFF")),
            *(saved(small, name) for name in ("BMP", "GIF")),
            *(moving([small, small.rotate(180)], name) for name in ("GIF", "PNG", "WEBP")),
        ]
        outcomes = {"refused": 0, "restored": 0}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's on broken EXIF data
            for index in range(200):
                data = bytearray(whole[index % len(whole)])
                for at in rng.integers(0, min(len(data), 600), rng.integers(1, 5)):
                    data[at] = rng.choice([0, 1, 127, 255])
                try:
                    found = decode(io.BytesIO(data), ReadOptions(max_pixels=10**5, salvage=True))
                    save(found, tmp_path / f"a.{sorted(FORMATS)[index % 4 + 1]}")
                    outcomes["restored"] += 1
                except ImageError as error:
                    assert "\n" not in str(error)
                    outcomes["refused"] += 1
        assert min(outcomes.values()) > 40
