"""Merged is compared with the parts themselves, and at a point with a kernel made by hand."""

import pytest
import torch
from torch.nn.functional import pad

from jcarsr.networks.jcarsr.fusion import MergedTail
from jcarsr.networks.layers import Upsampler, conv3x3


def parts(scale: int) -> tuple[Upsampler, torch.nn.Conv2d]:
    return Upsampler(8, scale), conv3x3(8, 3)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 2), (3, 4), (5, 3), (9, 11)])
def test_is_what_its_parts_compute_up_to_the_border(
    scale: int, final: bool, size: tuple[int, int]
) -> None:
    upsampler, tail = parts(scale)
    x = torch.randn(2, 8, *size)
    with torch.no_grad():
        expected = tail(upsampler(x))
        merged = MergedTail(upsampler, tail, final=final)
        torch.testing.assert_close(merged(x), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (6, 7)])
def test_gradients_are_those_of_its_parts(scale: int, size: tuple[int, int]) -> None:
    upsampler, tail = (part.double() for part in parts(scale))
    x = torch.randn(2, 8, *size, dtype=torch.float64, requires_grad=True)
    learnt = [x, *upsampler.parameters(), *tail.parameters()]
    merged = MergedTail(upsampler, tail, final=False)
    expected, gradients = (
        torch.autograd.grad(y.square().sum(), learnt) for y in (tail(upsampler(x)), merged(x))
    )
    torch.testing.assert_close(gradients, expected)


def test_final_refuses_other_weights() -> None:
    """They would change the border alone: the kernel is what it was made from."""
    network = torch.nn.ModuleDict(dict(zip(("upsampler", "tail"), parts(2), strict=True)))
    weights = network.state_dict()
    MergedTail(network["upsampler"], network["tail"], final=False)  # pyright: ignore
    network.load_state_dict(weights)
    MergedTail(network["upsampler"], network["tail"], final=True)  # pyright: ignore
    with pytest.raises(RuntimeError, match="merged for good"):
        network.load_state_dict(weights)


def test_final_alone_stays_when_weights_change() -> None:
    upsampler, tail = parts(2)
    x = torch.randn(1, 8, 4, 4)
    changing, final = (MergedTail(upsampler, tail, final=final) for final in (False, True))
    with torch.no_grad():
        before = changing(x)
        tail.bias.add_(1)
        torch.testing.assert_close(changing(x), before + 1)
        torch.testing.assert_close(final(x)[:, :, 2:-2, 2:-2], before[:, :, 2:-2, 2:-2])


def test_kernel_is_not_made_in_bfloat16_where_products_are() -> None:
    """So a kernel that may change is as exact as the one made once."""
    upsampler, tail = parts(4)
    changing, final = (MergedTail(upsampler, tail, final=final) for final in (False, True))
    x = torch.randn(4, 8, 9, 9)
    with torch.no_grad():
        expected = final(x)
        with torch.autocast("cpu", torch.bfloat16):
            errors = [(merged(x) - expected).square().mean() for merged in (changing, final)]
    assert 0 < errors[0] < 1.02 * errors[1]


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
    merged = MergedTail(upsampler, tail, final=True)
    by_hand = torch.tensor([[1.0, 2, 0], [2, 4, 0], [0, 0, 0]]) / 9  # of a pixel's first quarter
    torch.testing.assert_close(merged.kernel[0, 0], pad(by_hand, (1, 1, 1, 1)))
    torch.testing.assert_close(merged.kernel[3, 0], pad(by_hand, (1, 1, 1, 1)).flip(0, 1))
    assert not merged.kernel[4:].any()
    assert not merged.kernel[:, 1:].any()
    assert merged.bias.tolist() == [0.5] * 4 + [0.0] * 8


def test_nothing_of_it_is_stored() -> None:
    assert MergedTail(*parts(2), final=True).state_dict() == {}
    assert list(MergedTail(*parts(2), final=True).parameters()) == []
