import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from support.decoding import by_pillow, difference, moving, refusal, saved, still

from jcarsr.errors import ImageError
from jcarsr.image import FORMATS, Picture, ReadOptions, decode, save
from jcarsr.image.decode import from_pillow
from jcarsr.pixels import Pixels

ORIENTATION = 0x0112
TRUNCATED = "truncated: what could be decoded was taken"


@pytest.fixture
def image(photo: Pixels) -> Image.Image:
    return Image.fromarray(photo)


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

    def test_palette_without_colours(self) -> None:
        assert from_pillow(Image.new("P", (4, 3))).samples.tolist() == [[[0, 0, 0]] * 4] * 3
        whole = saved(Image.new("P", (4, 3)), "PNG")
        start = whole.index(b"PLTE") - 4
        length = int.from_bytes(whole[start : start + 4], "big")
        assert refusal(whole[:start] + whole[start + 12 + length :]).startswith("cannot be decoded")

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
