import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps
from support.decoding import by_pillow, difference, moving, plain, saved, still

from jcarsr.errors import ImageError
from jcarsr.image import ReadOptions, decode_rgb, from_pillow, size_of
from jcarsr.pixels import Pixels

ORIENTATION = 0x0112


def transposed(image: Image.Image, exif: Image.Exif) -> Pixels:
    """As Pillow turns it."""
    copy = Image.fromarray(np.asarray(image))
    copy.info["exif"] = exif.tobytes()
    return np.asarray(ImageOps.exif_transpose(copy))


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
