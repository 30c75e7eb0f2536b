"""MATLAB-compatible bicubic scaling: PyTorch's antialiased bicubic with symmetric borders."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate

from jcarsr.ops import symmetric_pad

_REACH = 3  # low-resolution pixels: the cubic kernel reaches 2, one more for its centre's phase


def downscale(x: Tensor, scale: int) -> Tensor:
    """MATLAB's imresize(x, 1 / scale): bicubic (a = -0.5), antialiased.

    (N, C, scale * H, scale * W) -> (N, C, H, W). Overshoots are not clamped; float64 in gives the
    exact result, float32 errs by about 1e-4 of a grey level.

    Raises:
        ValueError: height or width is not a multiple of `scale`.
    """
    height, width = x.shape[-2:]
    if height % scale or width % scale:
        raise ValueError(f"height and width must be multiples of {scale}, got {height}x{width}")
    return _interpolate(x, _REACH * scale, height // scale, width // scale)


def upscale(x: Tensor, scale: int) -> Tensor:
    """MATLAB's imresize(x, scale): bicubic (a = -0.5).

    (N, C, H, W) -> (N, C, scale * H, scale * W), not clamped.
    """
    height, width = x.shape[-2:]
    return _interpolate(x, _REACH, scale * height, scale * width)


def _interpolate(x: Tensor, pad: int, height: int, width: int) -> Tensor:
    """Scale `x` to height x width with `pad` mirrored input pixels around it."""
    extra = pad * height // x.shape[-2]  # output pixels that the padding becomes
    size = (height + 2 * extra, width + 2 * extra)
    y = interpolate(symmetric_pad(x, pad), size, mode="bicubic", antialias=True)
    return y[..., extra : extra + height, extra : extra + width]
