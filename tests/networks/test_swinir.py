"""What the frame makes of its layers, which `test_windows` compares with their equations."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import conv2d, layer_norm, leaky_relu, pad, pixel_shuffle

from jcarsr.networks.layers import DIV2K_MEAN
from jcarsr.networks.swinir import SwinIR, SwinIRConfig
from jcarsr.networks.windows import DropPath, SwinLayer, windows_of

CONFIG = SwinIRConfig(
    scale=2, channels=12, num_heads=3, window=4, num_groups=2, num_layers=3, upsampled=8
)


@pytest.mark.parametrize("scale", [2, 4])
def test_output_is_the_papers_equations(scale: int) -> None:
    network = SwinIR(replace(CONFIG, scale=scale)).eval()
    p = dict(network.named_parameters())

    def conv(x: torch.Tensor, name: str) -> torch.Tensor:
        return conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], padding=1)

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        x = x.permute(0, 2, 3, 1)
        return layer_norm(x, (12,), p[f"{name}.weight"], p[f"{name}.bias"]).permute(0, 3, 1, 2)

    def layer(x: torch.Tensor, group: int, index: int) -> torch.Tensor:
        one = SwinLayer(12, 3, 4, shifted=index == 1, mlp_ratio=2, drop_path=0.0)
        start = f"layers.{group}.residual_group.blocks.{index}."
        own = {n.removeprefix(start): v for n, v in p.items() if n.startswith(start)}
        one.load_state_dict(own)
        x = x.permute(0, 2, 3, 1)
        return one(x, windows_of(x, 4)).permute(0, 3, 1, 2)

    lq = torch.rand(2, 3, 9, 14)
    mean = torch.tensor(DIV2K_MEAN).view(3, 1, 1)
    first = conv(pad(lq - mean, (0, 2, 0, 3), mode="reflect"), "conv_first")
    x = norm(first, "patch_embed.norm")
    for group in range(2):
        y = x
        for index in range(3):
            y = layer(y, group, index)
        x = x + conv(y, f"layers.{group}.conv")
    x = first + conv(norm(x, "norm"), "conv_after_body")
    x = leaky_relu(conv(x, "conv_before_upsample.0"), 0.01)
    for step in range(0, scale, 2):
        x = pixel_shuffle(conv(x, f"upsample.{step}"), 2)
    expected = conv(x, "conv_last")[:, :, : 9 * scale, : 14 * scale] + mean
    torch.testing.assert_close(network(lq).sr, expected)


def test_more_of_a_later_layers_residuals_is_left_out() -> None:
    network = SwinIR(replace(CONFIG, drop_path=0.2))
    shares = [module.share for module in network.modules() if isinstance(module, DropPath)]
    assert shares == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.2])


@pytest.mark.parametrize(
    ("field", "value"), [("num_heads", 7), ("window", 5), ("drop_path", 1.0), ("drop_path", "a")]
)
def test_impossible_sizes_are_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{field} must .*, got '?{value}"):
        SwinIRConfig(**{"scale": 2, field: value})  # pyright: ignore
