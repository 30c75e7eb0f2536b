"""MATLAB's imresize from its documentation, and PyTorch's bicubic with MATLAB's borders."""

import numpy as np
import torch
from torch.nn.functional import interpolate


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
    rows, columns = (imresize_matrix(length, scale) for length in x.shape[:2])
    return np.einsum("ih,hwc,jw->ijc", rows, x, columns)


def torchs(x: np.ndarray, height: int, width: int) -> np.ndarray:
    """PyTorch's antialiased bicubic (a = -0.5), the picture mirrored beyond its borders before.

    (H, W, C) -> (height, width, C): either H = scale * height or height = scale * H.
    """
    pad = 3 * max(1, x.shape[0] // height)
    extra = pad * height // x.shape[0]  # output pixels that the padding becomes
    padded = np.pad(x, ((pad, pad), (pad, pad), (0, 0)), mode="symmetric")
    planes = torch.from_numpy(padded).permute(2, 0, 1)[None]
    size = (height + 2 * extra, width + 2 * extra)
    y = interpolate(planes, size, mode="bicubic", antialias=True)[0].permute(1, 2, 0).numpy()
    return y[extra : extra + height, extra : extra + width]
