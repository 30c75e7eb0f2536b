"""The network against its equations, with borders repeated by indexing."""

import pytest
import torch
from support.gradients import without_gradient
from torch.nn.functional import conv2d, relu

from jcarsr.networks.arcnn import ARCNN, ARCNNConfig

CONFIG = ARCNNConfig(features=6, enhanced=5, mapped=4)


def test_y_is_the_papers_equations_and_chroma_stays() -> None:
    network = ARCNN(CONFIG)
    p = dict(network.named_parameters())
    lq = torch.rand(2, 3, 17, 23)

    def conv(x: torch.Tensor, name: str) -> torch.Tensor:
        half = p[f"{name}.weight"].shape[-1] // 2
        rows = torch.arange(-half, x.shape[2] + half).clamp(0, x.shape[2] - 1)
        columns = torch.arange(-half, x.shape[3] + half).clamp(0, x.shape[3] - 1)
        return conv2d(x[:, :, rows][..., columns], p[f"{name}.weight"], p[f"{name}.bias"])

    matrix = torch.tensor(  # MATLAB's rgb2ycbcr
        [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]
    )
    offset = torch.tensor([16.0, 128, 128]).view(3, 1, 1)

    def ycbcr(rgb: torch.Tensor) -> torch.Tensor:
        return (torch.einsum("ck,nkhw->nchw", matrix, rgb) + offset) / 255

    before, after = ycbcr(lq), ycbcr(network(lq).sr)
    x = relu(conv(before[:, :1], "conv1"))
    x = conv(relu(conv(relu(conv(x, "conv2")), "conv22")), "conv3")
    torch.testing.assert_close(after[:, :1], x, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(after[:, 1:], before[:, 1:], atol=1e-5, rtol=1e-5)


def test_grey_stays_grey() -> None:
    grey = torch.rand(1, 1, 9, 11).expand(-1, 3, -1, -1)
    out = ARCNN(CONFIG)(grey).sr
    assert not torch.allclose(out, grey)
    torch.testing.assert_close(out, out[:, :1].expand(-1, 3, -1, -1))


def test_every_parameter_receives_a_gradient() -> None:
    network = ARCNN(CONFIG)
    network(torch.rand(1, 3, 8, 8)).sr.square().mean().backward()
    assert without_gradient(network) == []


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="enhanced must be positive, got 0"):
        ARCNNConfig(enhanced=0)
