"""Pure tensor functions that more than one part of the package needs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate


def symmetric_pad(x: Tensor, pad: int) -> Tensor:
    """Mirror `pad` pixels beyond each border, the border pixel included (MATLAB's 'symmetric').

    (N, C, H, W) -> (N, C, H + 2 * pad, W + 2 * pad); `pad` may exceed the picture.
    """
    for dim in (2, 3):
        length = x.shape[dim]
        index = torch.arange(-pad, length + pad, device=x.device) % (2 * length)
        x = x.index_select(dim, torch.where(index < length, index, 2 * length - 1 - index))
    return x


def image_gradient(x: Tensor) -> Tensor:
    """Sobel gradient magnitude of every channel (the target of eq. 18).

    sqrt((gx^2 + gy^2) / 2) with kernels [1 2 1]/4 x [1 0 -1] and symmetric borders, so that
    pictures in [0, 1] give maps in [0, 1]: the definition of scikit-image's `filters.sobel`. The
    paper leaves the map's exact form open.
    (N, C, H, W) -> (N, C, H, W)
    """
    channels = x.shape[1]
    place = torch.arange(-1, 2, dtype=x.dtype, device=x.device)  # a CUDA graph takes no constants
    smooth, edge = (2 - place.abs()) / 4, -place
    kernels = torch.stack((torch.outer(edge, smooth), torch.outer(smooth, edge)))
    kernels = kernels.unsqueeze(1).repeat(channels, 1, 1, 1)  # (2 * C, 1, 3, 3)
    slopes = conv2d(symmetric_pad(x, 1), kernels, groups=channels)
    squares = slopes.square().view(-1, channels, 2, *x.shape[2:]).mean(2)
    # the root of 0 has no slope: where x is even its gradient would be 0 * infinity
    return squares.clamp(min=torch.finfo(x.dtype).tiny).sqrt()


def enlarge_bicubic(x: Tensor, scale: int) -> Tensor:
    """MATLAB's imresize(x, scale): what a picture looks like without any restoration.

    (N, C, H, W) -> (N, C, scale * H, scale * W), not clamped. `antialias` chooses Keys' a = -0.5.
    """
    border = 2  # of the input, as far as the cubic reaches
    x = interpolate(symmetric_pad(x, border), scale_factor=scale, mode="bicubic", antialias=True)
    return x[:, :, border * scale : -border * scale, border * scale : -border * scale]
