import io

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from jcarsr.jpeg import codec
from jcarsr.pixels import Pixels

# the luminance table of the JPEG standard (ITU-T T.81, table K.1), first row
STANDARD_LUMA_ROW = [16, 11, 10, 16, 24, 40, 51, 61]


@pytest.mark.parametrize(("subsampling", "code"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)])
def test_file_has_the_subsampling(photo: Pixels, subsampling: codec.Subsampling, code: int) -> None:
    with Image.open(io.BytesIO(codec.encode(photo, 50, subsampling))) as image:
        assert JpegImagePlugin.get_sampling(image) == code


@pytest.mark.parametrize(("qf", "factor"), [(50, 1.0), (80, 0.4), (25, 2.0)])
def test_tables_are_the_standards_scaled_by_quality(photo: Pixels, qf: int, factor: float) -> None:
    with Image.open(io.BytesIO(codec.encode(photo, qf))) as image:
        row = image.quantization[0][:8]  # pyright: ignore
    assert row == [int(value * factor + 0.5) for value in STANDARD_LUMA_ROW]


def test_decode_gives_pillows_pixels(photo: Pixels) -> None:
    data = codec.encode(photo, 30)
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(codec.decode(data), np.asarray(image))


@pytest.mark.parametrize("qf", [0, 101])
def test_quality_out_of_range_is_told(photo: Pixels, qf: int) -> None:
    with pytest.raises(ValueError, match=f"got {qf}"):
        codec.encode(photo, qf)


def test_given_tables_take_the_place_of_the_quality(photo: Pixels) -> None:
    tables = [list(range(1, 65)), list(range(101, 165))]
    with Image.open(io.BytesIO(codec.encode(photo, 50, tables=tables))) as image:
        assert [list(image.quantization[n]) for n in (0, 1)] == tables  # pyright: ignore
