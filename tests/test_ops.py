import numpy as np
import pytest
import skimage.filters
import torch

from jcarsr.ops import image_gradient, symmetric_pad
from jcarsr.pixels import Pixels


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
