"""Upsampler and last convolution as one convolution: all between is linear."""

from __future__ import annotations

from contextlib import nullcontext
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pixel_shuffle, pixel_unshuffle

from jcarsr.networks.layers import Upsampler

REACH = 2  # input pixels from which an output pixel is made, to each side


class MergedTail(nn.Module):
    """What an `Upsampler` and the 3x3 convolution behind it compute, without large features.

    The two are linear: one 5x5 convolution of the small features and one shuffle do the same, for
    32 channels with a quarter (x2) or a fifth (x4) of the multiplications. The kernel is their
    answer to an impulse. Only the outermost line of input pixels differs, where the two pad with
    zeros what lies between them: it is computed by themselves, from strips of three lines.

    (N, C, H, W) -> (N, out_channels, scale * H, scale * W)

    Args:
        upsampler: the first part; it and `tail` keep their parameters for themselves.
        tail: the second.
        final: the parts' weights will not change, so the kernel is computed once. Otherwise it
            is computed at every call, and gradients reach the parts through it.
    """

    kernel: Tensor
    """(out_channels * scale^2, C, 5, 5), if final."""
    bias: Tensor
    """(out_channels * scale^2,), if final."""

    def __init__(self, upsampler: Upsampler, tail: nn.Conv2d, *, final: bool) -> None:
        super().__init__()
        self._plain = (upsampler, tail)  # in a tuple: their parameters are not this module's
        self._scale = 2 ** sum(isinstance(step, nn.PixelShuffle) for step in upsampler)
        self._final = final
        if final:
            with torch.no_grad():
                exact = deepcopy(upsampler).cpu().double(), deepcopy(tail).cpu().double()
                kernel, bias = _answers(*exact, self._scale)
            self.register_buffer("kernel", kernel.to(tail.weight), persistent=False)
            self.register_buffer("bias", bias.to(tail.weight), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        scale = self._scale
        if self._final:
            kernel, bias = self.kernel, self.bias
        else:
            # a network on "meta", which is built to be counted, has no autocast
            exact = nullcontext() if x.is_meta else torch.autocast(x.device.type, enabled=False)
            with exact:
                kernel, bias = _answers(*self._plain, scale)
        inner = pixel_shuffle(conv2d(x, kernel, bias, padding=REACH), scale)
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


def _answers(upsampler: Upsampler, tail: nn.Conv2d, scale: int) -> tuple[Tensor, Tensor]:
    """Kernel and bias of both parts as one, in the precision of their weights."""
    channels, side = tail.in_channels, 2 * REACH + 1
    impulses = tail.weight.new_zeros(channels + 1, channels, side, side)  # the last is none
    impulses[:-1, :, REACH, REACH].fill_diagonal_(1)
    answers = pixel_unshuffle(tail(upsampler(impulses)), scale)
    kernel = (answers[:-1] - answers[-1:]).flip(2, 3).transpose(0, 1)
    return kernel, answers[-1, :, REACH, REACH]


def _slice(x: Tensor, dim: int, start: int, stop: int | None = None) -> Tensor:
    """x[..., start:stop, ...] along `dim`; a slice, not `narrow`: it may end beyond x."""
    return x[(slice(None),) * dim + (slice(start, stop),)]
