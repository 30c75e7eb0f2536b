import numpy as np
import pytest
import skimage.color

from jcarsr.pixels import Pixels, luma, to_8_bits, to_pixels, to_planes, to_samples


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_level_survives_the_way_to_floats_and_back(dtype: type) -> None:
    levels = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(1, -1, 1).repeat(3, 2)
    planes = to_planes(levels)
    assert planes.dtype == np.float32
    assert (planes.min(), planes.max()) == (0, 1)
    np.testing.assert_array_equal(to_samples(planes[0].transpose(1, 2, 0), dtype), levels)


def test_out_of_range_is_clamped() -> None:
    np.testing.assert_array_equal(to_samples(np.array([-3.0, 7.0]), np.uint16), [0, 65535])


def test_16_bits_are_rounded_to_8() -> None:
    deep = np.arange(65536, dtype=np.uint16)
    np.testing.assert_array_equal(to_8_bits(deep), np.round(deep / 257))


def test_grey_levels_are_clamped_and_rounded() -> None:
    assert to_pixels(np.array([-9.0, 0.4, 0.6, 254.6, 300.0])).tolist() == [0, 0, 1, 255, 255]


def test_luma_is_scikit_images_ycbcr(photo: Pixels) -> None:
    np.testing.assert_allclose(luma(photo), skimage.color.rgb2ycbcr(photo)[..., 0], atol=1e-3)
    ends = luma(np.array([[[0] * 3, [255] * 3]], np.uint8))
    np.testing.assert_allclose(ends, [[16, 235]], atol=1e-12)
