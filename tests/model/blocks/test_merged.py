"""Merged is compared with the parts themselves, and at a point with a kernel made by hand."""

import pytest
import torch
from torch.nn.functional import pad

from jcarsr.model.blocks.common import Upsampler, conv3x3
from jcarsr.model.blocks.merged import MergedTail


def parts(scale: int) -> tuple[Upsampler, torch.nn.Conv2d]:
    return Upsampler(8, scale), conv3x3(8, 3)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 2), (3, 4), (5, 3), (9, 11)])
def test_is_what_its_parts_compute_up_to_the_border(scale: int, size: tuple[int, int]) -> None:
    upsampler, tail = parts(scale)
    x = torch.randn(2, 8, *size)
    with torch.no_grad():
        expected = tail(upsampler(x))
        torch.testing.assert_close(MergedTail(upsampler, tail)(x), expected, atol=1e-5, rtol=0)


def test_kernel_of_simple_parts_is_known() -> None:
    """An upsampler that repeats pixels and a tail that takes the mean of 3x3."""
    upsampler, tail = Upsampler(8, 2), conv3x3(8, 3)
    with torch.no_grad():
        for part in (upsampler[0], tail):
            part.weight.zero_()
            part.bias.zero_()
        for channel in range(8):
            upsampler[0].weight[4 * channel : 4 * channel + 4, channel, 1, 1] = 1
        tail.weight[0, 0] = 1 / 9
        tail.bias[0] = 0.5
    merged = MergedTail(upsampler, tail)
    by_hand = torch.tensor([[1.0, 2, 0], [2, 4, 0], [0, 0, 0]]) / 9  # of a pixel's first quarter
    torch.testing.assert_close(merged.kernel[0, 0], pad(by_hand, (1, 1, 1, 1)))
    torch.testing.assert_close(merged.kernel[3, 0], pad(by_hand, (1, 1, 1, 1)).flip(0, 1))
    assert not merged.kernel[4:].any()
    assert not merged.kernel[:, 1:].any()
    assert merged.bias.tolist() == [0.5] * 4 + [0.0] * 8


def test_nothing_of_it_is_stored() -> None:
    assert MergedTail(*parts(2)).state_dict() == {}
    assert list(MergedTail(*parts(2)).parameters()) == []
