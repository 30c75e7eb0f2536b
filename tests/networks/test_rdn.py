"""The network against its equations, written with plain functions."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import conv2d, interpolate, pixel_shuffle, relu

from jcarsr.networks.rdn import RDN, RDNConfig

CONFIG = RDNConfig(scale=2, channels=6, num_blocks=3, num_layers=2, growth=4)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("skip", [False, True])
def test_output_is_the_papers_equations(scale: int, skip: bool) -> None:
    """A dense layer's sum over all before it is taken slice by slice of its kernel."""
    network = RDN(replace(CONFIG, scale=scale, skip=skip))
    p = dict(network.named_parameters())

    def conv(parts: list[torch.Tensor], name: str) -> torch.Tensor:
        weight, start = p[f"{name}.weight"], 0
        y = p[f"{name}.bias"].view(-1, 1, 1)
        for part in parts:
            piece = weight[:, start : start + part.shape[1]]
            y = y + conv2d(part, piece, padding=weight.shape[-1] // 2)
            start += part.shape[1]
        assert start == weight.shape[1]
        return y

    lq = torch.rand(2, 3, 9, 13)
    first = conv([lq], "SFENet1")
    outputs = [conv([first], "SFENet2")]
    for block in range(3):
        features = [outputs[-1]]
        for layer in range(2):
            features.append(relu(conv(features, f"RDBs.{block}.convs.{layer}.conv.0")))
        outputs.append(outputs[-1] + conv(features, f"RDBs.{block}.LFF"))
    x = first + conv([conv(outputs[1:], "GFF.0")], "GFF.1")
    for step in range(0, scale, 2):
        x = pixel_shuffle(conv([x], f"UPNet.{step}"), 2)
    x = conv([x], f"UPNet.{scale}")
    if skip:
        x = x + interpolate(lq, scale_factor=scale, mode="bilinear")
    torch.testing.assert_close(network(lq).sr, x)
