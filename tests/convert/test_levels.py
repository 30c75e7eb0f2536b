"""Networks of pictures in [0, 255], as the authors of EDSR, RCAN and MDCN publish them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pixel_shuffle, relu

from jcarsr import WeightsError
from jcarsr.convert.levels import is_of_levels, to_unit_range
from jcarsr.convert.run import convert
from jcarsr.engines.torch import load_network
from jcarsr.networks.catalog import PRESETS, Preset, build
from jcarsr.weights import Tensors, read

MEAN = torch.tensor((0.4488, 0.4371, 0.4040), dtype=torch.float64)
SIZES: dict[str, dict[str, Any]] = {
    "edsr": {"scale": 2, "channels": 8, "num_blocks": 2},
    "rcan": {"scale": 2, "channels": 8, "num_groups": 2, "num_blocks": 2, "reduction": 4},
    "mdcn": {"scale": 2, "channels": 8, "inner_channels": 6, "num_blocks": 3, "reduction": 3},
}
every_network = pytest.mark.parametrize("name", list(SIZES))
Convolve = Callable[..., Tensor]
"""The name of a convolution, and its input -> its output."""


def attend(conv: Convolve, name: str, x: Tensor) -> Tensor:
    inner = relu(conv(f"{name}.conv_du.0", x.mean((2, 3), keepdim=True)))
    return x * torch.sigmoid(conv(f"{name}.conv_du.2", inner))


def edsr(conv: Convolve, x: Tensor) -> Tensor:
    head = x = conv("head.0", x)
    for block in ("body.0.body", "body.1.body"):
        x = x + 0.1 * conv(f"{block}.2", relu(conv(f"{block}.0", x)))
    return conv("tail.1", pixel_shuffle(conv("tail.0.0", head + conv("body.2", x)), 2))


def rcan(conv: Convolve, x: Tensor) -> Tensor:
    head = x = conv("head.0", x)
    for group in ("body.0.body", "body.1.body"):
        start = x
        for block in (f"{group}.0.body", f"{group}.1.body"):
            y = conv(f"{block}.2", relu(conv(f"{block}.0", x)))
            x = x + attend(conv, f"{block}.3", y)
        x = start + conv(f"{group}.2", x)
    return conv("tail.1", pixel_shuffle(conv("tail.0.0", head + conv("body.2", x)), 2))


def mdcn(conv: Convolve, x: Tensor) -> Tensor:
    head = x = conv("head.0", x)
    outputs: list[Tensor] = []
    for block in ("body.0", "body.1", "body.2"):
        y = [x, relu(conv(f"{block}.conv_3_1", x)), relu(conv(f"{block}.conv_5_1", x))]
        first = torch.cat(y, 1)
        for side in (3, 5):
            y.append(relu(conv(f"{block}.conv_{side}_2", conv(f"{block}.confusion_{side}", first))))
        x = x + conv(f"{block}.confusion_bottle", torch.cat(y, 1))
        outputs.append(x)
    y = conv("dist.0.fushion_down", torch.cat(outputs[:2], 1))
    distilled = conv("dist.0.fushion_up", attend(conv, "dist.0.channel_attention", y))
    return conv(
        "rebult.0",
        pixel_shuffle(conv("upsample.0.0", conv("transform.0", head + distilled + x)), 2),
    )


REFERENCES = {"edsr": edsr, "rcan": rcan, "mdcn": mdcn}


def authors_state(name: str) -> dict[str, Tensor]:
    """Weights as a network has them after training on [0, 255]: biases of the features' size."""
    state = {key: value.double() for key, value in build(name, SIZES[name]).state_dict().items()}
    for key, value in state.items():
        if key.endswith(".bias"):
            state[key] = 20 * torch.randn_like(value)
        elif "conv_du.0" in key:
            state[key] = value / 20  # gates that are neither open nor closed
    for part, sign in (("sub_mean", -1), ("add_mean", 1)):
        state[f"{part}.weight"] = torch.eye(3, dtype=torch.float64).view(3, 3, 1, 1)
        state[f"{part}.bias"] = sign * 255 * MEAN
    return state


def of_levels(name: str, state: dict[str, Tensor], lq: Tensor) -> Tensor:
    """The authors' network: (N, 3, H, W) in [0, 255] -> (N, 3, 2 * H, 2 * W) in [0, 255]."""

    def conv(layer: str, x: Tensor) -> Tensor:
        weight = state[f"{layer}.weight"]
        return conv2d(x, weight, state.get(f"{layer}.bias"), padding=weight.shape[-1] // 2)

    mean = 255 * MEAN.view(3, 1, 1)
    return REFERENCES[name](conv, lq - mean) + mean


def arrays(state: dict[str, Tensor]) -> Tensors:
    return {key: value.numpy() for key, value in state.items()}


@every_network
@torch.no_grad()
def test_a_network_of_levels_gives_the_same_picture(name: str) -> None:
    """Also where a gate depends on the size of the features: RCAN's and MDCN's attention."""
    state = authors_state(name)
    network = build(name, SIZES[name]).double()
    converted = to_unit_range(arrays(state))
    network.load_state_dict({key: torch.from_numpy(value) for key, value in converted.items()})
    lq = torch.rand(2, 3, 9, 13, dtype=torch.float64)
    expected = of_levels(name, state, 255 * lq) / 255
    torch.testing.assert_close(network.restore(lq), expected, atol=1e-9, rtol=0)


@every_network
@torch.no_grad()
def test_a_file_of_levels_is_converted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within what fp16 leaves of the two mean colours; the other values are numbers of fp16."""
    monkeypatch.setitem(PRESETS, "tiny", Preset(name, SIZES[name]))
    state = {k: v.half().double() if "mean" not in k else v for k, v in authors_state(name).items()}
    torch.save({key: value.float() for key, value in state.items()}, tmp_path / "a.pt")
    convert(str(tmp_path / "a.pt"), "tiny", tmp_path / "w.safetensors")
    network = load_network(read(tmp_path / "w.safetensors"))
    lq = torch.rand(1, 3, 9, 13)
    expected = of_levels(name, state, 255 * lq.double()) / 255
    torch.testing.assert_close(network.restore(lq).double(), expected, atol=1e-3, rtol=0)


@every_network
def test_a_network_of_the_unit_range_is_not_taken_for_one_of_levels(name: str) -> None:
    state = build(name, SIZES[name]).state_dict()
    assert not is_of_levels(arrays(state))
    assert is_of_levels(arrays(authors_state(name)))


def test_a_network_that_adds_its_input_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRESETS, "tiny", Preset("edsr", {**SIZES["edsr"], "skip": True}))
    torch.save(authors_state("edsr"), tmp_path / "a.pt")
    with pytest.raises(WeightsError, match=r"a\.pt: of pictures in \[0, 255\], and tiny adds one"):
        convert(str(tmp_path / "a.pt"), "tiny", tmp_path / "w.safetensors")
