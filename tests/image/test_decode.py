from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from jcarsr import ImageError, image
from jcarsr.pixels import Pixels

EXIF_ORIENTATION = 0x0112


def save(pixels: Pixels, path: Path, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)  # pyright: ignore
    return path


def test_png_is_read_as_it_is(tmp_path: Path, photo: Pixels) -> None:
    np.testing.assert_array_equal(image.decode(save(photo, tmp_path / "a.png")).pixels, photo)


def test_content_counts_not_the_extension(tmp_path: Path, photo: Pixels) -> None:
    path = save(photo, tmp_path / "a.png").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(image.decode(path).pixels, photo)


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_grey_and_palette_become_rgb(tmp_path: Path, photo: Pixels, mode: str) -> None:
    converted = Image.fromarray(photo).convert(mode)
    converted.save(tmp_path / "a.png")
    expected = np.asarray(converted.convert("RGB"))
    np.testing.assert_array_equal(image.decode(tmp_path / "a.png").pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_and_applied_once(
    tmp_path: Path, photo: Pixels, orientation: int
) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    path = save(photo, tmp_path / "a.png", exif=exif)
    picture = image.decode(path)
    np.testing.assert_array_equal(picture.pixels, photo)  # as stored: the JPEG grid lies there
    image.save(picture, tmp_path / "b.png")
    with Image.open(path) as stored, Image.open(tmp_path / "b.png") as turned:
        from PIL import ImageOps

        expected = ImageOps.exif_transpose(stored)
        np.testing.assert_array_equal(np.asarray(turned), np.asarray(expected))
        assert EXIF_ORIENTATION not in turned.getexif()


@pytest.mark.parametrize("format", sorted(image.FORMATS))
def test_every_format_is_written_with_the_colour_profile(
    tmp_path: Path, photo: Pixels, format: str
) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    target = tmp_path / "new" / f"a.{format}"
    image.save(image.Picture(photo, icc_profile=profile), target)
    again = image.decode(target)
    assert again.icc_profile == profile
    assert np.abs(again.pixels.astype(int) - photo).mean() < 3
    assert [p.name for p in target.parent.iterdir()] == [target.name]  # no temporary file is left


def test_size_needs_the_header_only(tmp_path: Path, photo: Pixels) -> None:
    path = save(photo, tmp_path / "a.jpg")
    path.write_bytes(path.read_bytes()[:700])
    assert image.size_of(path) == (192, 256)


def broken(tmp_path: Path, photo: Pixels, kind: str) -> Path:
    path = tmp_path / f"{kind}.jpg"
    if kind == "missing":
        return path
    save(photo, path)
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no picture at all")
    elif kind == "truncated":
        path.write_bytes(path.read_bytes()[:-2000])
    elif kind == "folder":
        path.unlink()
        path.mkdir()
    elif kind == "bomb":
        Image.new("1", (10_001, 10_000)).save(path, "PNG")
    elif kind == "transparent":
        Image.fromarray(photo).convert("RGBA").save(path, "PNG")
    elif kind == "cmyk":
        Image.fromarray(photo).convert("CMYK").save(path)
    elif kind == "deep":
        Image.fromarray(photo[..., 0].astype(np.uint16) * 256).save(path, "PNG")
    elif kind == "animated":
        frames = [Image.new("L", (8, 8), level) for level in (0, 255)]
        frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "no such file"),
        ("empty", "not a picture"),
        ("text", "not a picture"),
        ("truncated", "cannot be decoded"),
        ("folder", "cannot be opened"),
        ("bomb", "refused as a bomb"),
        ("transparent", "transparency"),
        ("cmyk", "CMYK"),
        ("deep", "I;16"),
        ("animated", "animations"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, photo: Pixels, kind: str, message: str
) -> None:
    with pytest.raises(ImageError, match=message) as error:
        image.decode(broken(tmp_path, photo, kind))
    assert "\n" not in str(error.value)


def test_camera_jpeg_with_previews_is_its_first_picture(tmp_path: Path, photo: Pixels) -> None:
    first, preview = Image.fromarray(photo), Image.fromarray(photo[::4, ::4])
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[preview], quality=95)
    assert np.abs(image.decode(tmp_path / "a.jpg").pixels.astype(int) - photo).mean() < 3


def test_broken_exif_does_not_cost_the_picture(tmp_path: Path, photo: Pixels) -> None:
    path = save(photo, tmp_path / "a.png", exif=b"Exif\0\0 no such header")
    picture = image.decode(path)
    np.testing.assert_array_equal(picture.pixels, photo)
    assert picture.orientation == 1


def test_unknown_extension_is_told(tmp_path: Path, photo: Pixels) -> None:
    with pytest.raises(ImageError, match=r"cannot be written as \.xyz"):
        image.save(image.Picture(photo), tmp_path / "a.xyz")


def test_failed_write_leaves_nothing(tmp_path: Path, photo: Pixels) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ImageError, match="cannot be written"):
        image.save(image.Picture(photo), tmp_path / "a.png")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
