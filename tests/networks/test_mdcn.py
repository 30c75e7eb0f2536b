"""The network against its equations, written with plain functions."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import conv2d, interpolate, pixel_shuffle, relu

from jcarsr.networks.layers import DIV2K_MEAN
from jcarsr.networks.mdcn import MDCN, MDCNConfig

CONFIG = MDCNConfig(scale=2, channels=8, inner_channels=6, num_blocks=3, reduction=3)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("skip", [False, True])
def test_output_is_the_papers_equations(scale: int, skip: bool) -> None:
    """Sums over concatenated features are taken part by part, slice by slice of the kernel."""
    network = MDCN(replace(CONFIG, scale=scale, skip=skip))
    p = dict(network.named_parameters())

    def conv(name: str, *parts: torch.Tensor) -> torch.Tensor:
        weight, start = p[f"{name}.weight"], 0
        bias = p.get(f"{name}.bias")
        y = 0 if bias is None else bias.view(-1, 1, 1)
        for part in parts:
            piece = weight[:, start : start + part.shape[1]]
            y = y + conv2d(part, piece, padding=weight.shape[-1] // 2)
            start += part.shape[1]
        assert start == weight.shape[1]
        return y

    lq = torch.rand(2, 3, 9, 13)
    mean = torch.tensor(DIV2K_MEAN).view(3, 1, 1)
    head = x = conv("head.0", lq - mean)
    outputs = []
    for block in range(3):
        name = f"body.{block}"
        a, b = relu(conv(f"{name}.conv_3_1", x)), relu(conv(f"{name}.conv_5_1", x))
        c = relu(conv(f"{name}.conv_3_2", conv(f"{name}.confusion_3", x, a, b)))
        d = relu(conv(f"{name}.conv_5_2", conv(f"{name}.confusion_5", x, a, b)))
        x = x + conv(f"{name}.confusion_bottle", x, a, b, c, d)
        outputs.append(x)
    y = conv("dist.0.fushion_down", *outputs[:2])
    inner = relu(conv("dist.0.channel_attention.conv_du.0", y.mean((2, 3), keepdim=True)))
    y = y * torch.sigmoid(conv("dist.0.channel_attention.conv_du.2", inner))
    x = conv("transform.0", head + conv("dist.0.fushion_up", y) + x)
    for step in range(0, scale, 2):
        x = pixel_shuffle(conv(f"upsample.0.{step}", x), 2)
    x = conv("rebult.0", x)
    base = interpolate(lq, scale_factor=scale, mode="bilinear") if skip else mean
    torch.testing.assert_close(network(lq).sr, x + base)


@pytest.mark.parametrize(("field", "value"), [("num_blocks", 1), ("reduction", 5)])
def test_impossible_sizes_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"^{field} must .*, got {value}"):
        MDCNConfig(**{"scale": 2, field: value})  # pyright: ignore
