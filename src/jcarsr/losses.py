"""Every term of the paper's total loss (eq. 17-20), and what may take its place."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from jcarsr.loss_weights import LossWeights as LossWeights
from jcarsr.ops import image_gradient


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


def harm_loss(sr: Tensor, hr: Tensor, plain: Tensor, *, window: int = 16) -> Tensor:
    """Mean over windows of how much larger sr's squared error is than plain's, where it is.

    Not in the paper. A network that minimises a mean error overdoes rare textures that resemble
    common ones, until they are worse than not restored at all; this term damps what it does there
    and is zero everywhere else.

    3 x (N, 3, H, W) -> scalar; what does not fill a window at the right and below is left out.

    Args:
        sr: the restored picture.
        hr: the truth.
        plain: the input, enlarged without restoration.
        window: side in pixels; smaller pictures are one window.
    """
    sides = min(window, hr.shape[2]), min(window, hr.shape[3])

    def errors(x: Tensor) -> Tensor:
        return avg_pool2d((x - hr).square().mean(1, keepdim=True), sides)

    return (errors(sr) - errors(plain)).relu().mean()


def gradient_loss(gradient: Tensor, hr: Tensor) -> Tensor:
    """Mean absolute error of a gradient map against hr's Sobel map (eq. 18).

    2 x (N, 3, H, W) -> scalar
    """
    return (gradient - image_gradient(hr)).abs().mean()


def charbonnier_loss(lr_hat: Tensor, lr: Tensor, *, epsilon: float = 1e-6) -> Tensor:
    """Mean of sqrt(error^2 + epsilon) of the artifact removal branch (eq. 19).

    The paper does not give epsilon. 2 x (N, 3, H, W) -> scalar
    """
    return torch.sqrt((lr_hat - lr).square() + epsilon).mean()


def total_loss(terms: dict[str, Tensor], weights: LossWeights) -> Tensor:
    """The weighted sum (eq. 20) of the terms, which are named as their weights.

    Raises:
        ValueError: there is no term.
    """
    if not terms:
        raise ValueError("every loss weight is 0: nothing can be learnt")
    return torch.stack([weights.of(name) * value for name, value in terms.items()]).sum()
