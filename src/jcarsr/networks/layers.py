"""What two or more networks, blocks or branches share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)
"""Mean colour of DIV2K's training pictures, RGB in [0, 1]."""


class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation over the channels of every pixel (paper eq. 1).

    (N, C, H, W) -> (N, C, H, W). Statistics are taken in float32 under autocast.
    """

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def conv3x3(in_channels: int, out_channels: int, *, bias: bool = True) -> nn.Conv2d:
    """A 3x3 convolution that keeps height and width."""
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=bias)


class ChannelAttention(nn.Module):
    """Weigh every channel by what its mean and those of the others say.

    Of RCAN (Zhang et al. 2018), section 3.3.

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = channels // reduction
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.conv_du = nn.Sequential(
            nn.Conv2d(channels, inner, 1), nn.ReLU(), nn.Conv2d(inner, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.conv_du(self.avg_pool(x))


class Upsampler(nn.Sequential):
    """Enlarges by 2 or 4: (3x3 convolution, pixel shuffle by 2), once or twice.

    From EDSR (Lim et al. 2017). The paper draws "an upsampling module" only; this one accounts
    for the 295,424 parameters between its x2 and x4 networks (Table 1).
    (N, C, H, W) -> (N, C, scale * H, scale * W)
    """

    def __init__(self, channels: int, scale: int, *, bias: bool = True) -> None:
        steps: list[nn.Module] = []
        for _ in range(scale.bit_length() - 1):
            steps += [conv3x3(channels, 4 * channels, bias=bias), nn.PixelShuffle(2)]
        super().__init__(*steps)


class MeanShift(nn.Conv2d):
    """Add or subtract the mean colour of DIV2K: a 1x1 convolution that is not trained.

    Converted weights of authors who trained on [0, 255] scale here, too (`convert.levels`).

    (N, 3, H, W) -> (N, 3, H, W)
    """

    def __init__(self, sign: int) -> None:
        super().__init__(3, 3, 1)
        self.weight = nn.Parameter(torch.eye(3).view(3, 3, 1, 1), requires_grad=False)
        self.bias = nn.Parameter(sign * torch.tensor(DIV2K_MEAN), requires_grad=False)


class FixedShift(nn.Module):
    """Add or subtract the mean colour of DIV2K, which is no parameter here.

    (N, 3, H, W) -> (N, 3, H, W)
    """

    shift: Tensor

    def __init__(self, sign: int) -> None:
        super().__init__()
        shift = sign * torch.tensor(DIV2K_MEAN).view(3, 1, 1)
        self.register_buffer("shift", shift, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.shift


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Mirror at the right and below (the border once) until the sides are multiples of it.

    (N, C, H, W) -> (N, C, H', W'). Unlike PyTorch's own, also where more is missing than there is:
    the mirrors are mirrored then, and a single line is repeated.
    """
    return x[:, :, _mirror_indices(x, 2, multiple)][:, :, :, _mirror_indices(x, 3, multiple)]


def _mirror_indices(x: Tensor, dim: int, multiple: int) -> Tensor:
    """Return the lines along `dim` to take. Tensors only: an exported graph is for any size."""
    wanted = (x.shape[dim] + multiple - 1) // multiple * multiple
    last = torch.arange(x.shape[dim], device=x.device)[-1]
    place = torch.arange(wanted, device=x.device) % (2 * last).clamp(min=1)
    return torch.minimum(place, 2 * last - place)


def luma(rgb: Tensor) -> Tensor:
    """Y of BT.601 in the studio range, as MATLAB's rgb2ycbcr: RGB in [0, 1] -> 16/255 to 235/255.

    (N, 3, H, W) -> (N, 1, H, W)
    """
    red, green, blue = rgb[:, :1], rgb[:, 1:2], rgb[:, 2:]
    return (65.481 * red + 128.553 * green + 24.966 * blue + 16) / 255


def with_luma(rgb: Tensor, y: Tensor) -> Tensor:
    """The picture with another Y and the same Cb and Cr: a grey picture stays grey.

    RGB (N, 3, H, W) in [0, 1] and Y (N, 1, H, W) as `luma` gives it -> (N, 3, H, W). A difference
    of Y is the same difference of red, green and blue, larger by 255 / 219.
    """
    return rgb + (y - luma(rgb)) * (255 / 219)


def repeat_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until both sizes are multiples of `multiple`.

    (N, C, H, W) -> (N, C, H', W')
    """
    height, width = x.shape[2:]
    return pad(x, (0, -width % multiple, 0, -height % multiple), "replicate")


def start_near_zero(last: nn.Conv2d) -> None:
    """Begin training a network's last convolution near zero: the input plus little comes out.

    Its bias stays as PyTorch draws it, a tint of ten levels or so: the stored experiments began
    with it.
    """
    nn.init.normal_(last.weight, std=0.01 * last.in_channels**-0.5)


def start_at_zero(last: nn.Conv2d) -> None:
    """Begin training a network's last convolution at zero: the input itself comes out.

    Not near zero: where the input is near the target already, whatever is added to it harms, and
    the first steps then silence the features for good.
    """
    for parameter in last.parameters():
        nn.init.zeros_(parameter)
