"""PSNR and SSIM of a picture: pure functions in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view


def psnr(x: npt.NDArray[Any], y: npt.NDArray[Any], *, peak: float = 255.0) -> float:
    """PSNR in dB, inf when equal. 2 x (H, W) or (H, W, C), numbers of any type -> dB

    >>> round(psnr(np.zeros((8, 8)), np.full((8, 8), 0.1), peak=1.0), 9)
    20.0
    """
    mse = float(np.square(x.astype(np.float64) - y).mean())
    return 10 * math.log10(peak**2 / mse) if mse else math.inf


def ssim(x: npt.NDArray[Any], y: npt.NDArray[Any], *, peak: float = 255.0) -> float:
    """SSIM (Wang et al. 2004): Gaussian 11x11 of sigma 1.5, valid positions.

    K1 = 0.01, K2 = 0.03, population covariance, mean over channels.
    2 x (H, W) or (H, W, C), height and width at least 11, numbers of any type -> -1 to 1

    Raises:
        ValueError: the picture is smaller than the window.
    """
    if min(x.shape[:2]) < 11:
        raise ValueError(f"SSIM needs at least 11x11 pixels, got {x.shape[0]}x{x.shape[1]}")
    x, y = x.astype(np.float64), y.astype(np.float64)
    mean_x, mean_y = _blur(x), _blur(y)
    var_x, var_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    cov = _blur(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    score = (2 * mean_x * mean_y + c1) * (2 * cov + c2)
    score = score / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    return float(score.mean())


def _blur(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gaussian window, valid positions, each channel alone. (H, W, ...) -> (H - 10, W - 10, ...)"""
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()
    rows = sliding_window_view(x, 11, axis=0) @ window
    return sliding_window_view(rows, 11, axis=1) @ window
