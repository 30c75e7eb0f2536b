"""Small files written here by the layout of ncnn's convolutions."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from jcarsr import WeightsError
from jcarsr.cli import app
from jcarsr.convert.ncnn import read_convolutions
from jcarsr.convert.realesrgan import read_rrdbnet
from jcarsr.networks.catalog import PRESETS, Preset, build


def store(
    folder: Path,
    kernels: list[np.ndarray],
    *,
    half: bool = True,
    more: bytes = b"",
    biases: list[np.ndarray] | None = None,
) -> Path:
    """A chain of convolutions of these (out, in, side, side) kernels; biases count from 0 on."""
    lines, data = ["7767517", f"{len(kernels) + 1} 9", "Input in 0 1 data"], b""
    biases = biases or [np.arange(len(kernel)) for kernel in kernels]
    for index, kernel in enumerate(kernels):
        out, side = len(kernel), kernel.shape[3]
        lines.append(f"Convolution c{index} 1 1 a b 0={out} 1={side} 4=1 5=1 6={kernel.size} 9=2")
        lines[-1] += " -23310=1,2.000000e-01"
        values = kernel.astype("<f2" if half else "<f4").tobytes()
        data += struct.pack("<I", 0x01306B47 if half else 0) + values + bytes(-len(values) % 4)
        data += biases[index].astype("<f4").tobytes()
    (folder / "a.param").write_text("\n".join(lines) + "\n")
    (folder / "a.bin").write_bytes(data + more)
    return folder / "a.bin"


@pytest.mark.parametrize("half", [True, False])
def test_convolutions_are_read_in_order(half: bool, tmp_path: Path) -> None:
    """An odd number of fp16 values is padded to whole words."""
    rng = np.random.default_rng(0)
    kernels = [rng.random((3, 1, 3, 3)).astype(np.float16), rng.random((1, 3, 1, 1))]
    found = read_convolutions(store(tmp_path, kernels, half=half))
    assert [len(bias) for _, bias in found] == [3, 1]
    np.testing.assert_array_equal(found[0].weight, kernels[0].astype(np.float32))
    np.testing.assert_allclose(found[1].weight, kernels[1], rtol=1e-3)
    assert found[0].bias.tolist() == [0, 1, 2]


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = store(tmp_path, [np.zeros((2, 1, 3, 3))], more=b"1234")
    with pytest.raises(WeightsError, match=r"a\.bin: has 52 bytes, and a\.param speaks of 48"):
        read_convolutions(path)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(WeightsError, match="it ends too early"):
        read_convolutions(path)
    path.write_bytes(b"\1\2\3\4" + bytes(44))
    with pytest.raises(WeightsError, match="unknown kind, 0x04030201"):
        read_convolutions(path)
    (tmp_path / "a.param").write_text("7767517\n1 1\nPReLU p 1 1 a b 0=64\n")
    with pytest.raises(WeightsError, match="layer p is a PReLU, which is not known"):
        read_convolutions(path)
    (tmp_path / "a.param").write_text("no\n")
    with pytest.raises(WeightsError, match=r"a\.param: not a list of ncnn's layers"):
        read_convolutions(path)
    (tmp_path / "a.param").unlink()
    with pytest.raises(WeightsError, match=r"a\.param: cannot be read"):
        read_convolutions(path)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ("0=1000000000000 1=1 6=1", "1000000000000 outputs of 1 weights"),
        ("0=1000000000000 1=1 6=0", "1000000000000 outputs of 0 weights"),
        ("0=0 1=1 6=0", "0 outputs of 0 weights"),
        (f"0=1 1={10**30} 6=1", "cannot be read"),
        (f"0=1 1=1 6={10**30}", "it ends too early"),
        ("0=2 1=1 6=3", "cannot reshape"),
    ],
)
def test_sizes_that_the_values_are_not_of(sizes: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.param").write_text(f"7767517\n1 1\nConvolution c 1 1 a b {sizes}\n")
    (tmp_path / "a.bin").write_bytes(bytes(16))
    with pytest.raises(WeightsError, match=rf"a\.bin: .*{message}") as caught:
        read_convolutions(tmp_path / "a.bin")
    assert "\n" not in str(caught.value)


def test_rrdbnet_is_named_as_its_authors_do(tmp_path: Path) -> None:
    """One block: first, 15 of three dense blocks, and five after; each kernel holds its number."""
    kernels = [np.full((1, 1, 1, 1), float(index)) for index in range(21)]
    tensors = read_rrdbnet(store(tmp_path, kernels))
    at = {name: int(value.item()) for name, value in tensors.items() if name.endswith("weight")}
    assert at["conv_first.weight"] == 0
    assert at["body.0.rdb1.conv1.weight"] == 1
    assert at["body.0.rdb2.conv1.weight"] == 6
    assert at["body.0.rdb3.conv5.weight"] == 15
    assert at["conv_body.weight"] == 16
    assert at["conv_last.weight"] == 20
    with pytest.raises(WeightsError, match="20 convolutions are not those of a RRDBNet"):
        read_rrdbnet(store(tmp_path, kernels[:20]))


@torch.no_grad()
def test_a_converted_rrdbnet_restores_as_pytorch_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the two files of ncnn to a picture, through the commands."""
    sizes = {"scale": 4, "channels": 6, "num_blocks": 2, "growth": 4}
    monkeypatch.setitem(PRESETS, "tiny", Preset("rrdbnet", sizes))
    network = build("rrdbnet", sizes).half().float()
    convolutions = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    store(
        tmp_path,
        [convolution.weight.numpy() for convolution in convolutions],
        biases=[
            convolution.bias.numpy() for convolution in convolutions if convolution.bias is not None
        ],
    )
    pixels = np.random.default_rng(0).integers(60, 200, (9, 13, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    for arguments in (
        ("convert", "a.bin", "--preset", "tiny", "-o", "w.safetensors"),
        ("restore", "a.png", "-o", "b.png", "--weights", "w.safetensors", "--engine", "torch"),
    ):
        places = [str(tmp_path / word) if "." in word else word for word in arguments]
        result = CliRunner().invoke(app, places)
        assert result.exit_code == 0, result.output

    lq = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    sr = network.restore(lq)
    sr = sr + lq.mean((2, 3), keepdim=True) - sr.clamp(0, 1).mean((2, 3), keepdim=True)
    expected = (sr[0].permute(1, 2, 0) * 255).round().clamp(0, 255).numpy()
    assert np.ptp(expected) > 20
    assert np.abs(np.asarray(Image.open(tmp_path / "b.png")) - expected).max() <= 1
