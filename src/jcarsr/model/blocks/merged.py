"""Upsampler and last convolution as one convolution, for restoring: all between is linear."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pixel_shuffle, pixel_unshuffle

from jcarsr.model.blocks.common import Upsampler

REACH = 2  # input pixels from which an output pixel is made, to each side


class MergedTail(nn.Module):
    """What an `Upsampler` and the 3x3 convolution behind it compute, without large features.

    The two are linear: one 5x5 convolution of the small features and one shuffle do the same, for
    32 channels with a quarter (x2) or a fifth (x4) of the multiplications. The kernel is their
    answer to an impulse. Only the outermost line of input pixels differs, where the two pad with
    zeros what lies between them: it is computed by themselves, from strips of three lines. Of use
    as long as their weights stay as they are.

    (N, C, H, W) -> (N, out_channels, scale * H, scale * W)
    """

    kernel: Tensor  # (out_channels * scale^2, C, 5, 5)
    bias: Tensor  # (out_channels * scale^2,)

    def __init__(self, upsampler: Upsampler, tail: nn.Conv2d) -> None:
        super().__init__()
        self._plain = (upsampler, tail)  # in a tuple: their parameters are not this module's
        self._scale = 2 ** sum(isinstance(step, nn.PixelShuffle) for step in upsampler)
        kernel, bias = self._answers(tail.in_channels)
        self.register_buffer("kernel", kernel.to(tail.weight), persistent=False)
        self.register_buffer("bias", bias.to(tail.weight), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        scale = self._scale
        inner = pixel_shuffle(conv2d(x, self.kernel, self.bias, padding=REACH), scale)
        inner = inner[:, :, scale:-scale, scale:-scale]
        left, right = self._ends(x, 3)
        middle = torch.cat((left[:, :, scale:-scale], inner, right[:, :, scale:-scale]), 3)
        top, bottom = self._ends(x, 2)
        return torch.cat((top, middle, bottom), 2)

    def _ends(self, x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        """The first and the last line along `dim`, enlarged; of a single line no last one."""
        upsampler, tail = self._plain
        first = tail(upsampler(_slice(x, dim, 0, REACH + 1)))
        last = tail(upsampler(_slice(x, dim, -REACH - 1)))
        one = self._scale
        return _slice(first, dim, 0, one), _slice(_slice(last, dim, one), dim, -one)

    @torch.no_grad()
    def _answers(self, channels: int) -> tuple[Tensor, Tensor]:
        """Kernel and bias, computed in float64."""
        upsampler, tail = (deepcopy(part).cpu().double() for part in self._plain)
        side = 2 * REACH + 1
        impulses = torch.zeros(channels, channels, side, side, dtype=torch.float64)
        impulses[range(channels), range(channels), REACH, REACH] = 1
        nothing = tail(upsampler(torch.zeros_like(impulses[:1])))
        answers = pixel_unshuffle(tail(upsampler(impulses)) - nothing, self._scale)
        bias = pixel_unshuffle(nothing, self._scale)[0, :, REACH, REACH]
        return answers.flip(2, 3).transpose(0, 1), bias


def _slice(x: Tensor, dim: int, start: int, stop: int | None = None) -> Tensor:
    """x[..., start:stop, ...] along `dim`; a slice, not `narrow`: it may end beyond x."""
    return x[(slice(None),) * dim + (slice(start, stop),)]
