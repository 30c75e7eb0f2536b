"""PSNR and SSIM: pure functions, one value per picture."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d


def psnr(x: Tensor, y: Tensor, *, peak: float = 255.0) -> Tensor:
    """PSNR in dB, one per picture; inf when equal. 2 x (N, C, H, W) -> (N,)

    >>> psnr(torch.zeros(1, 1, 8, 8), torch.full((1, 1, 8, 8), 0.1), peak=1.0).round()
    tensor([20.], dtype=torch.float64)
    """
    mse = (x.double() - y.double()).square().mean((1, 2, 3))
    return 10 * torch.log10(peak**2 / mse)


def ssim(x: Tensor, y: Tensor, *, peak: float = 255.0) -> Tensor:
    """SSIM (Wang et al. 2004), one per picture: Gaussian 11x11 of sigma 1.5, valid positions.

    K1 = 0.01, K2 = 0.03, population covariance, mean over channels.
    2 x (N, C, H, W), height and width at least 11 -> (N,)

    Raises:
        ValueError: the picture is smaller than the window.
    """
    if min(x.shape[-2:]) < 11:
        raise ValueError(f"SSIM needs at least 11x11 pixels, got {x.shape[-2]}x{x.shape[-1]}")
    count, channels = x.shape[:2]
    stack = torch.cat((x, y)).double()
    x, y = stack.chunk(2)
    mean_x, mean_y, xx, yy, xy = _blur(torch.cat((x, y, x * x, y * y, x * y))).chunk(5)
    var_x, var_y, cov = xx - mean_x**2, yy - mean_y**2, xy - mean_x * mean_y
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    score = (2 * mean_x * mean_y + c1) * (2 * cov + c2)
    score = score / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    return score.reshape(count, channels, -1).mean((1, 2))


def _blur(x: Tensor) -> Tensor:
    """Gaussian window, valid positions, each channel alone."""
    window = torch.exp(
        -((torch.arange(11, dtype=x.dtype, device=x.device) - 5) ** 2) / (2 * 1.5**2)
    )
    window = window / window.sum()
    kernel = window.expand(x.shape[1], 1, 1, -1)
    rows = conv2d(x, kernel.transpose(2, 3), groups=x.shape[1])
    return conv2d(rows, kernel, groups=x.shape[1])
