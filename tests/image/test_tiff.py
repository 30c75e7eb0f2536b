from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from jcarsr.image.picture import Metadata
from jcarsr.image.tiff import write_tiff16

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RANDOM = np.random.default_rng(0).integers(0, 65_536, (33, 21, 4)).astype(np.uint16)


@pytest.mark.parametrize(
    ("channels", "photometric", "extra"),
    [(1, "MINISBLACK", ()), (3, "RGB", ()), (4, "RGB", (2,))],  # 2: alpha, not multiplied in
)
def test_every_bit_is_there(
    tmp_path: Path, channels: int, photometric: str, extra: tuple[int, ...]
) -> None:
    samples = RANDOM[..., :channels]
    path = tmp_path / "a.tiff"
    write_tiff16(path, samples, Metadata())
    with tifffile.TiffFile(path) as file:
        (page,) = file.pages
        assert isinstance(page, tifffile.TiffPage)
        np.testing.assert_array_equal(page.asarray().reshape(samples.shape), samples)
        assert page.photometric.name == photometric
        assert tuple(page.extrasamples) == extra
        assert page.compression.name == "ADOBE_DEFLATE"
    with Image.open(path) as image:
        assert image.mode == {1: "I;16", 3: "RGB", 4: "RGBA"}[channels]
        expected = samples[..., 0] if channels == 1 else samples >> 8  # Pillow cuts colours off
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_metadata(tmp_path: Path) -> None:
    xmp = "<x>Zoë</x>".encode()
    path = tmp_path / "a.tiff"
    write_tiff16(path, RANDOM, Metadata(icc_profile=SRGB, xmp=xmp, dpi=(300, 150)))
    with Image.open(path) as image:
        assert image.info["icc_profile"] == SRGB
        assert image.info["xmp"] == xmp
        assert image.info["dpi"] == (300, 150)


def test_no_metadata_no_tags(tmp_path: Path) -> None:
    write_tiff16(tmp_path / "a.tiff", RANDOM, Metadata())
    with Image.open(tmp_path / "a.tiff") as image:
        tags = set(image.getexif())
        assert not tags & {270, 305, 306, 700, 34_675}  # description, software, date, XMP, profile
        assert "xmp" not in image.info


def test_smooth_pictures_become_small(tmp_path: Path) -> None:
    down, right = np.indices((200, 99))
    samples = np.repeat((97 * down + 301 * right)[..., None], 3, axis=2).astype(np.uint16)
    write_tiff16(tmp_path / "a.tiff", samples, Metadata())
    assert (tmp_path / "a.tiff").stat().st_size < samples.nbytes / 20
