"""The network against its equations; the tables are laid over the picture by indexing."""

from dataclasses import replace

import pytest
import torch
from support.gradients import without_gradient
from torch.nn.functional import conv2d, interpolate, linear, pad, pixel_shuffle, relu

from jcarsr.networks.qgcn import QGCN, QGCNConfig

CONFIG = QGCNConfig(channels=6, num_blocks=2, global_channels=2, global_hidden=5)


@pytest.mark.parametrize("global_branch", [True, False])
@pytest.mark.parametrize("skip", [True, False])
def test_output_is_the_papers_equations(global_branch: bool, skip: bool) -> None:
    network = QGCN(replace(CONFIG, global_branch=global_branch, skip=skip))
    torch.nn.init.normal_(network.conv_output.weight)  # with the skip it starts at zero
    p = dict(network.named_parameters())

    def conv(x: torch.Tensor, name: str, stride: int = 1) -> torch.Tensor:
        return conv2d(x, p[f"{name}.weight"], p.get(f"{name}.bias"), stride, padding=1)

    def block(x: torch.Tensor, name: str) -> torch.Tensor:
        return x + 0.1 * conv(relu(conv(x, f"{name}.conv1")), f"{name}.conv2")

    lq, tables = torch.rand(2, 3, 17, 23), torch.randint(1, 256, (2, 2, 8, 8)).float()
    x = pad(lq, (0, 1, 0, 7), "replicate")
    rows, columns = torch.arange(24) % 8, torch.arange(24) % 8
    full = conv(torch.cat((x, tables[:, :, rows][..., columns] / 255), 1), "conv_input")
    half = relu(conv(full, "downscale.0", 2))
    if global_branch:
        view = interpolate(lq, (112, 112), mode="bicubic", antialias=True)
        for step in range(0, 16, 4):
            view = relu(conv(view, f"conv_global.{step}", 2))
            view = relu(conv(view, f"conv_global.{step + 2}"))
        view = view.reshape(2, -1)
        for layer in (0, 2):
            name = f"conv_global_l.{layer}"
            view = linear(view, p[f"{name}.weight"], p[f"{name}.bias"])
            view = relu(view) if layer == 0 else view
        x = half + block(half, "residual1.0")
        x = torch.cat((x, view[:, :, None, None].repeat(1, 1, 12, 12)), 1)
        x = relu(conv(x, "conv_res_mid"))
        x = x + block(x, "residual2.0")
        x = pixel_shuffle(conv(conv(x, "conv_mid"), "upscale.0"), 2)
    else:
        x = block(block(half, "residual.0"), "residual.1")
        x = full + pixel_shuffle(conv(conv(x, "conv_mid"), "upscale.0"), 2)
    out = conv(x, "conv_output")[..., :17, :23]
    torch.testing.assert_close(network(lq, tables).sr, lq + out if skip else out)


def test_of_y_reads_the_luma_table_alone_and_keeps_chroma() -> None:
    network = QGCN(replace(CONFIG, colour=False))
    lq, tables = torch.rand(1, 3, 17, 23), torch.full((1, 2, 8, 8), 9.0)
    out = network(lq, tables).sr
    change = out - lq
    torch.testing.assert_close(change, change[:, :1].expand_as(change), atol=1e-6, rtol=1e-5)
    tables[:, 1] = 200
    torch.testing.assert_close(network(lq, tables).sr, out)
    tables[:, 0] = 200
    assert not torch.allclose(network(lq, tables).sr, out)


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("global_branch", [True, False])
def test_every_parameter_receives_a_gradient(colour: bool, global_branch: bool) -> None:
    network = QGCN(replace(CONFIG, colour=colour, global_branch=global_branch))
    network(torch.rand(1, 3, 8, 8), torch.ones(1, 2, 8, 8)).sr.square().mean().backward()
    assert without_gradient(network) == []


def test_missing_and_wrong_tables_are_refused() -> None:
    network, lq = QGCN(CONFIG), torch.rand(1, 3, 8, 8)
    with pytest.raises(ValueError, match="got none"):
        network(lq)
    with pytest.raises(ValueError, match=r"tables must be \(1, 2, 8, 8\), got \(1, 1, 8, 8\)"):
        network(lq, torch.ones(1, 1, 8, 8))


@pytest.mark.parametrize(("field", "value"), [("channels", 0), ("num_blocks", 3)])
def test_impossible_sizes_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} must be .*{value}"):
        QGCNConfig(**{field: value})  # pyright: ignore
