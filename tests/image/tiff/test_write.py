from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from jcarsr.image.picture import Metadata
from jcarsr.image.tiff.write import write_tiff

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RANDOM = np.random.default_rng(0).integers(0, 65_536, (33, 21, 4)).astype(np.uint16)


def written(path: Path, samples: np.ndarray, metadata: Metadata) -> None:
    with path.open("wb") as file:
        write_tiff(file, samples, metadata)


@pytest.mark.parametrize(
    ("channels", "photometric", "extra"),
    [(1, "MINISBLACK", ()), (3, "RGB", ()), (4, "RGB", (2,))],  # 2: alpha, not multiplied in
)
def test_every_bit_is_there(
    tmp_path: Path, channels: int, photometric: str, extra: tuple[int, ...]
) -> None:
    samples = RANDOM[..., :channels]
    path = tmp_path / "a.tiff"
    written(path, samples, Metadata())
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
    written(path, RANDOM, Metadata(icc_profile=SRGB, xmp=xmp, dpi=(300, 150)))
    with Image.open(path) as image:
        assert image.info["icc_profile"] == SRGB
        assert image.info["xmp"] == xmp
        assert image.info["dpi"] == (300, 150)


@pytest.mark.parametrize("size", [(20, 31), (700, 301)])  # one strip, many strips
def test_exif_with_its_groups(tmp_path: Path, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Maker", "somebody"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.5)})
    samples = np.random.default_rng(0).integers(0, 65536, (*size, 3)).astype(np.uint16)
    path = tmp_path / "a.tiff"
    metadata = Metadata(icc_profile=SRGB, xmp=b"<x/>", dpi=(300, 150), exif=exif.tobytes())
    written(path, samples, metadata)
    np.testing.assert_array_equal(tifffile.imread(path), samples)
    with Image.open(path) as image:
        found = image.getexif()
        assert (found[0x010F], found[0x8298]) == ("Maker", "somebody")
        assert found.get_ifd(0x8769)[0x9003] == "2020:01:01 00:00:00"
        assert found.get_ifd(0x8825) == {1: "N", 2: (1.0, 2.0, 3.5)}
        assert image.info["dpi"] == (300, 150)
        assert image.info["xmp"] == b"<x/>"
        assert image.info["icc_profile"] == SRGB
        np.testing.assert_array_equal(np.asarray(image), samples >> 8)


def test_no_metadata_no_tags(tmp_path: Path) -> None:
    written(tmp_path / "a.tiff", RANDOM, Metadata())
    with Image.open(tmp_path / "a.tiff") as image:
        tags = set(image.getexif())
        assert not tags & {270, 305, 306, 700, 34_675}  # description, software, date, XMP, profile
        assert "xmp" not in image.info


def test_smooth_pictures_become_small(tmp_path: Path) -> None:
    down, right = np.indices((200, 99))
    samples = np.repeat((97 * down + 301 * right)[..., None], 3, axis=2).astype(np.uint16)
    written(tmp_path / "a.tiff", samples, Metadata())
    assert (tmp_path / "a.tiff").stat().st_size < samples.nbytes / 20
