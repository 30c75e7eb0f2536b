"""The network against its equations, written with plain functions."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import conv2d, interpolate, pixel_shuffle, relu

from jcarsr.networks.layers import DIV2K_MEAN
from jcarsr.networks.rcan import RCAN, RCANConfig

CONFIG = RCANConfig(scale=2, channels=8, num_groups=2, num_blocks=2, reduction=4)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("skip", [False, True])
def test_output_is_the_papers_equations(scale: int, skip: bool) -> None:
    network = RCAN(replace(CONFIG, scale=scale, skip=skip))
    p = dict(network.named_parameters())

    def conv(x: torch.Tensor, name: str) -> torch.Tensor:
        weight = p[f"{name}.weight"]
        return conv2d(x, weight, p[f"{name}.bias"], padding=weight.shape[-1] // 2)

    lq = torch.rand(2, 3, 9, 13)
    mean = torch.tensor(DIV2K_MEAN).view(3, 1, 1)
    head = x = conv(lq - mean, "head.0")
    for group in range(2):
        start = x
        for block in range(2):
            name = f"body.{group}.body.{block}.body"
            y = conv(relu(conv(x, f"{name}.0")), f"{name}.2")
            pooled = y.mean((2, 3), keepdim=True)
            inner = relu(conv(pooled, f"{name}.3.conv_du.0"))
            x = x + y * torch.sigmoid(conv(inner, f"{name}.3.conv_du.2"))
        x = start + conv(x, f"body.{group}.body.2")
    x = head + conv(x, "body.2")
    for step in range(0, scale, 2):
        x = pixel_shuffle(conv(x, f"tail.0.{step}"), 2)
    x = conv(x, "tail.1")
    base = interpolate(lq, scale_factor=scale, mode="bilinear") if skip else mean
    torch.testing.assert_close(network(lq).sr, x + base)


@pytest.mark.parametrize(
    ("field", "value"), [("scale", 3), ("channels", 0), ("num_groups", -1), ("reduction", 3)]
)
def test_impossible_sizes_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} .*{value}"):
        RCANConfig(**{"scale": 2, field: value})  # pyright: ignore
