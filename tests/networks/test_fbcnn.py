"""The network against its equations, written with plain functions from the parameters."""

from dataclasses import replace

import pytest
import torch
from support.gradients import without_gradient
from torch.nn.functional import conv2d, conv_transpose2d, linear, pad, relu

from jcarsr.networks.fbcnn import FBCNN, FBCNNConfig

CONFIG = FBCNNConfig(channels=3, num_blocks=2)


@pytest.mark.parametrize("skip", [False, True])
def test_output_is_the_papers_equations(skip: bool) -> None:
    network = FBCNN(replace(CONFIG, skip=skip))
    p = dict(network.named_parameters())

    def conv(x: torch.Tensor, name: str, **how: int) -> torch.Tensor:
        return conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], **(how or {"padding": 1}))

    def full(x: torch.Tensor, name: str) -> torch.Tensor:
        return linear(x, p[f"{name}.weight"], p[f"{name}.bias"])

    def residual(x: torch.Tensor, name: str) -> torch.Tensor:
        return conv(relu(conv(x, f"{name}.res.0")), f"{name}.res.2")

    def row(x: torch.Tensor, name: str) -> torch.Tensor:
        for block in range(2):
            x = x + residual(x, f"{name}.{block}")
        return x

    lq = torch.rand(2, 3, 17, 23)
    levels = [conv(pad(lq, (0, 1, 0, 7), "replicate"), "m_head")]
    for level in (1, 2, 3):
        name = f"m_down{level}"
        levels.append(conv(row(levels[-1], name), f"{name}.2", stride=2))
    x = row(levels[3], "m_body_encoder")
    quality = row(x, "qf_pred").mean((2, 3))
    quality = relu(full(relu(full(quality, "qf_pred.4")), "qf_pred.6"))
    quality = torch.sigmoid(full(quality, "qf_pred.8"))
    torch.testing.assert_close(network.qf_pred(network._encode(lq)[1]), quality)
    code = quality
    for layer in (0, 2, 4):
        code = relu(full(code, f"qf_embed.{layer}"))
    x = row(x, "m_body_decoder")
    for level in (3, 2, 1):
        gamma = torch.sigmoid(full(code, f"to_gamma_{level}.0")).view(2, -1, 1, 1)
        beta = torch.tanh(full(code, f"to_beta_{level}.0")).view(2, -1, 1, 1)
        name = f"m_up{level}"
        up = p[f"{name}.0.weight"], p[f"{name}.0.bias"]
        x = conv_transpose2d(x + levels[level], *up, stride=2)
        for block in (1, 2):
            x = x + gamma * residual(x, f"{name}.{block}") + beta
    out = conv(x + levels[0], "m_tail")[..., :17, :23]
    torch.testing.assert_close(network(lq).sr, lq + out if skip else out)


def test_every_parameter_receives_a_gradient() -> None:
    network = FBCNN(CONFIG)
    network(torch.rand(1, 3, 8, 8)).sr.square().mean().backward()
    assert without_gradient(network) == []


def test_with_skip_training_starts_from_the_input() -> None:
    network = FBCNN(replace(CONFIG, skip=True))
    lq = torch.rand(1, 3, 16, 16)
    assert torch.equal(network(lq).sr, lq)


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="num_blocks must be positive, got 0"):
        FBCNNConfig(num_blocks=0)
