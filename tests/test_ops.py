import numpy as np
import pytest
import skimage.color
import skimage.filters
import torch

from jcarsr.ops import from_pixels, image_gradient, luma, symmetric_pad, to_pixels
from jcarsr.pixels import Pixels


def test_luma_is_scikit_images_ycbcr(photo: Pixels) -> None:
    ours = luma(torch.from_numpy(photo).permute(2, 0, 1)[None].double() / 255)
    np.testing.assert_allclose(ours[0, 0], skimage.color.rgb2ycbcr(photo)[..., 0], atol=1e-3)


def test_gradient_is_scikit_images_sobel(photo: Pixels) -> None:
    planes = torch.from_numpy(photo).permute(2, 0, 1).double() / 255
    expected = [skimage.filters.sobel(channel) for channel in planes.numpy()]
    np.testing.assert_allclose(image_gradient(planes[None])[0], expected, atol=1e-12)


@pytest.mark.parametrize("pad", [1, 3, 12])
def test_symmetric_pad_is_numpys(pad: int) -> None:
    x = np.random.default_rng(0).random((5, 4))
    expected = np.pad(x, pad, mode="symmetric")
    np.testing.assert_array_equal(
        symmetric_pad(torch.from_numpy(x)[None, None], pad)[0, 0], expected
    )


def test_pixels_survive_the_way_there_and_back(photo: Pixels) -> None:
    planes = from_pixels(photo)
    assert planes.shape == (1, 3, 192, 256)
    assert planes[0, 2, 5, 7] == photo[5, 7, 2]
    np.testing.assert_array_equal(to_pixels(planes), photo)


def test_pixels_are_clamped_and_rounded() -> None:
    x = torch.tensor([-9.0, 0.4, 0.6, 300.0]).view(1, 1, 1, 4).expand(1, 3, 1, 4)
    assert to_pixels(x)[0, :, 0].tolist() == [0, 0, 1, 255]
