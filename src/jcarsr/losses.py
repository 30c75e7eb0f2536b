"""Every term of the paper's total loss (eq. 17-20), and what may take its place."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from jcarsr.jpeg.grid import BLOCK
from jcarsr.loss_weights import TEXTURE_SIDE, LossWeights
from jcarsr.ops import image_gradient

_WINDOW = 16  # pixels of a side


def pixel_loss(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean absolute error of the restored picture (eq. 17). 2 x (N, 3, H, W) -> scalar"""
    return (sr - hr).abs().mean()


def squared_loss(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean squared error: instead of eq. 17 it weighs the hardest crops most.

    Not in the paper. 2 x (N, 3, H, W) -> scalar
    """
    return (sr - hr).square().mean()


def log_rms_loss(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean over the crops of ln(root mean square error): PSNR, up to a factor and a constant.

    Not in the paper: NAFNet's PSNR loss (Chen et al. 2022). Instead of eq. 17 it weighs nearly
    perfect crops more, as a mean of PSNRs does. 2 x (N, 3, H, W) -> scalar
    """
    mse = (sr - hr).square().mean((1, 2, 3))
    return 0.5 * torch.log(mse + 1e-6).mean()  # a quarter of a grey level is as good as none


def harm_loss(sr: Tensor, hr: Tensor, plain: Tensor) -> Tensor:
    """Mean over windows of how much larger sr's squared error is than plain's, where it is.

    Not in the paper. A network that minimises a mean error overdoes rare textures that resemble
    common ones, until they are worse than not restored at all; this term damps what it does there
    and is zero everywhere else.

    3 x (N, 3, H, W) -> scalar. Windows are of 16x16 pixels: what does not fill one at the right and
    below is left out, a smaller picture is one window.

    Args:
        sr: the restored picture.
        hr: the truth.
        plain: the input, enlarged without restoration.
    """
    sides = min(_WINDOW, hr.shape[2]), min(_WINDOW, hr.shape[3])

    def errors(x: Tensor) -> Tensor:
        return avg_pool2d((x - hr).square().mean(1, keepdim=True), sides)

    return (errors(sr) - errors(plain)).relu().mean()


def gradient_loss(gradient: Tensor, hr: Tensor) -> Tensor:
    """Mean absolute error of a gradient map against hr's Sobel map (eq. 18).

    2 x (N, 3, H, W) -> scalar
    """
    return (gradient - image_gradient(hr)).abs().mean()


def texture_loss(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean absolute error of how strong each frequency is in every neighbourhood.

    Not in the paper. It asks for as much fine detail as hr has there, wherever its lines and grains
    lie, where eq. 17 asks for none as soon as their place is uncertain. The strength is the root
    mean square of one frequency's DCT coefficient over a square of 4x4 windows of 8x8 pixels, 4
    pixels apart, in luma; the mean is over the 63 frequencies that are not 0, and the squares.

    2 x (N, 3, H, W) -> scalar

    Raises:
        ValueError: height or width is under 20 pixels.
    """
    if min(hr.shape[2:]) < TEXTURE_SIDE:
        raise ValueError(
            f"texture needs {TEXTURE_SIDE}x{TEXTURE_SIDE} pixels, got {hr.shape[3]}x{hr.shape[2]}"
        )
    return (_strengths(sr) - _strengths(hr)).abs().mean()


def _strengths(x: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 63, rows, columns); of noise every one is its standard deviation."""
    red, green, blue = x[:, :1], x[:, 1:2], x[:, 2:]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    # the basis of jpeg.block_dct, made on the device: a CUDA graph takes no constants
    place = torch.arange(BLOCK, dtype=x.dtype, device=x.device)
    basis = 0.5 * torch.cos(torch.outer(place, 2 * place + 1) * (torch.pi / (2 * BLOCK)))
    basis = torch.where(place.view(-1, 1) == 0, 0.5**1.5, basis)
    waves = torch.einsum("iy,jx->ijyx", basis, basis).reshape(BLOCK * BLOCK, 1, BLOCK, BLOCK)[1:]
    coefficients = conv2d(luma, waves, stride=4)
    power = avg_pool2d(coefficients.square(), 4, stride=2)
    return torch.sqrt(power + 1e-8)  # a root's slope at 0 would have no end


def charbonnier_loss(lr_hat: Tensor, lr: Tensor) -> Tensor:
    """Mean of sqrt(error^2 + epsilon) of the artifact removal branch (eq. 19).

    The paper does not give epsilon: 1e-6 here. 2 x (N, 3, H, W) -> scalar
    """
    return torch.sqrt((lr_hat - lr).square() + 1e-6).mean()


def total_loss(terms: dict[str, Tensor], weights: LossWeights) -> Tensor:
    """The weighted sum (eq. 20) of the terms, at least one, which are named as their weights."""
    return torch.stack([weights.of(name) * value for name, value in terms.items()]).sum()
