import numpy as np
import pytest
import skimage.filters
import torch

from jcarsr.ops import enlarge_bicubic, image_gradient, symmetric_pad
from jcarsr.pixels import Pixels
from jcarsr.resample import resize


def test_gradient_is_scikit_images_sobel(photo: Pixels) -> None:
    planes = torch.from_numpy(photo).permute(2, 0, 1).double() / 255
    expected = [skimage.filters.sobel(channel) for channel in planes.numpy()]
    np.testing.assert_allclose(image_gradient(planes[None])[0], expected, atol=1e-12)


def test_gradient_map_of_an_even_picture_can_be_learnt_from() -> None:
    x = torch.full((1, 3, 6, 6), 0.25, requires_grad=True)
    image_gradient(x).sum().backward()
    assert x.grad is not None
    assert not x.grad.any()  # and no NaN


@pytest.mark.parametrize("pad", [1, 3, 12])
def test_symmetric_pad_is_numpys(pad: int) -> None:
    x = np.random.default_rng(0).random((5, 4))
    expected = np.pad(x, pad, mode="symmetric")
    np.testing.assert_array_equal(
        symmetric_pad(torch.from_numpy(x)[None, None], pad)[0, 0], expected
    )


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(17, 23), (2, 1)])
def test_bicubic_enlargement_is_numpys(scale: int, size: tuple[int, int]) -> None:
    """Against the formulation in numpy, which is proven against MATLAB's."""
    x = np.random.default_rng(0).random((*size, 3))
    planes = torch.from_numpy(x).permute(2, 0, 1)[None]
    enlarged = enlarge_bicubic(planes, scale)[0].permute(1, 2, 0)
    expected = resize(x, size[0] * scale, size[1] * scale, np.float64)
    np.testing.assert_allclose(enlarged, expected, atol=1e-12)
