"""The network against its equations, written with plain functions."""

import pytest
import torch
from torch.nn.functional import conv2d, leaky_relu, pad

from jcarsr.networks.rrdbnet import RRDBNet, RRDBNetConfig


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(6, 8), (7, 5)])
def test_output_is_the_papers_equations(scale: int, size: tuple[int, int]) -> None:
    network = RRDBNet(RRDBNetConfig(scale=scale, channels=6, num_blocks=2, growth=4))
    p = {name: 3 * value for name, value in network.state_dict().items()}  # they begin small
    network.load_state_dict(p)

    def conv(x: torch.Tensor, name: str) -> torch.Tensor:
        return conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], padding=1)

    lq = x = torch.rand(2, 3, *size)
    if scale == 2:  # even sides by mirrors; a colour's 2x2 pixels become channels, row by row
        x = pad(x, (0, size[1] % 2, 0, size[0] % 2), mode="reflect")
        corners = [x[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)]
        x = torch.stack(corners, 2).flatten(1, 2)
    first = x = conv(x, "conv_first")
    for block in range(2):
        start = x
        for dense in (1, 2, 3):
            features = [x]
            for layer in (1, 2, 3, 4):
                y = conv(torch.cat(features, 1), f"body.{block}.rdb{dense}.conv{layer}")
                features.append(leaky_relu(y, 0.2))
            x = x + 0.2 * conv(torch.cat(features, 1), f"body.{block}.rdb{dense}.conv5")
        x = start + 0.2 * x
    x = first + conv(x, "conv_body")
    for name in ("conv_up1", "conv_up2"):
        x = leaky_relu(conv(x.repeat_interleave(2, 2).repeat_interleave(2, 3), name), 0.2)
    x = conv(leaky_relu(conv(x, "conv_hr"), 0.2), "conv_last")
    expected = x[:, :, : scale * size[0], : scale * size[1]]
    torch.testing.assert_close(network(lq).sr, expected)
