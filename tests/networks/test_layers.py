import pytest
import torch
from torch.nn.functional import conv2d, pad

from jcarsr.networks.layers import LayerNorm2d, Upsampler, pad_to_multiple


def test_layer_norm_is_over_the_channels_of_each_pixel() -> None:
    x = torch.randn(2, 8, 5, 7)
    expected = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + 1e-5).sqrt()
    assert torch.allclose(LayerNorm2d(8)(x), expected, atol=1e-5)


def test_upsampler_places_channel_groups_in_squares() -> None:
    upsampler, x = Upsampler(8, 2), torch.randn(1, 8, 3, 5)
    conv = upsampler[0]
    features = conv2d(x, conv.weight, conv.bias, padding=1)
    y = upsampler(x)
    assert y.shape == (1, 8, 6, 10)
    assert torch.allclose(y[:, 2, 1::2, 0::2], features[:, 2 * 4 + 2], atol=1e-6)


def test_upsampler_by_four_is_two_steps() -> None:
    assert Upsampler(8, 4)(torch.randn(1, 8, 3, 5)).shape == (1, 8, 12, 20)


@pytest.mark.parametrize("size", [(5, 7), (8, 4), (5, 8)])
def test_mirrors_are_pytorchs_where_it_can(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *size)
    expected = pad(x, (0, -size[1] % 4, 0, -size[0] % 4), mode="reflect")
    assert torch.equal(pad_to_multiple(x, 4), expected)


def test_mirrors_are_mirrored_where_too_little_is_there() -> None:
    line = torch.tensor([1.0, 2, 3]).view(1, 1, 1, 3)
    assert pad_to_multiple(line, 8)[0, 0, 7].tolist() == [1, 2, 3, 2, 1, 2, 3, 2]
