import numpy as np
import pytest
import torch

from jcarsr.degradation.resize import downscale, upscale


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys' kernel, a = -0.5."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def imresize_matrix(length: int, scale: float) -> np.ndarray:
    """MATLAB imresize along one axis as a dense matrix, written from its documentation.

    Output pixel i lies at (i + 0.5) / scale - 0.5; the kernel is stretched by 1 / scale when
    shrinking; weights are normalised; indices beyond a border are mirrored, the border included.
    """
    size = int(np.ceil(length * scale))
    stretch = min(scale, 1.0)
    matrix = np.zeros((size, length))
    for i in range(size):
        centre = (i + 0.5) / scale - 0.5
        taps = np.arange(np.floor(centre - 2 / stretch) - 1, np.ceil(centre + 2 / stretch) + 2)
        weights = cubic((centre - taps) * stretch)
        mirrored = taps.astype(int) % (2 * length)
        mirrored = np.where(mirrored < length, mirrored, 2 * length - 1 - mirrored)
        np.add.at(matrix[i], mirrored, weights / weights.sum())
    return matrix


def imresize(x: np.ndarray, scale: float) -> np.ndarray:
    rows, columns = (imresize_matrix(length, scale) for length in x.shape)
    return rows @ x @ columns.T


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(16, 24), (4, 8), (40, 52)])
def test_downscale_is_matlabs(scale: int, size: tuple[int, int]) -> None:
    x = np.random.default_rng(0).random(size)
    ours = downscale(torch.from_numpy(x)[None, None], scale)[0, 0]
    np.testing.assert_allclose(ours, imresize(x, 1 / scale), atol=1e-12)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(7, 9), (1, 2), (16, 24)])
def test_upscale_is_matlabs(scale: int, size: tuple[int, int]) -> None:
    x = np.random.default_rng(0).random(size)
    ours = upscale(torch.from_numpy(x)[None, None], scale)[0, 0]
    np.testing.assert_allclose(ours, imresize(x, scale), atol=1e-12)


def test_sizes_must_be_multiples() -> None:
    with pytest.raises(ValueError, match="multiples of 4, got 10x12"):
        downscale(torch.rand(1, 3, 10, 12), 4)
