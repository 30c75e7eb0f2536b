"""State dicts as authors store them, through the command."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from typer.testing import CliRunner

from jcarsr import WeightsError
from jcarsr.cli import app
from jcarsr.convert.run import convert
from jcarsr.engines.torch import TorchEngine, load_network
from jcarsr.networks.catalog import PRESETS, Preset, build
from jcarsr.weights import read

SIZES = {"channels": 4, "num_blocks": 2, "global_channels": 1, "global_hidden": 4}


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    monkeypatch.setitem(PRESETS, "tiny", Preset("qgcn", SIZES))
    return build("qgcn", SIZES).state_dict()


ENVELOPES: list[Callable[[dict[str, Any]], Any]] = [
    lambda state: state,
    lambda state: {"params": {"conv_input.weight": torch.zeros(1)}, "params_ema": state},
    lambda state: {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state.items()}},
    lambda state: {"model": {"name": "qgcn", "args": {"n": 1}, "sd": state}, "epoch": 1},
    lambda state: {**state, "layer.0.attn_mask": torch.ones(3)},
]


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_state_dicts_become_weights(
    envelope: Callable[[Any], Any], state: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save(envelope(state), tmp_path / "a.pth")
    record = convert(str(tmp_path / "a.pth"), "tiny", tmp_path / "w.safetensors")
    assert (record.name, record.training) == ("tiny", {"converted_from": "a.pth"})
    network = load_network(read(tmp_path / "w.safetensors"))
    own = network.state_dict()
    assert own.keys() == state.keys()
    for name, value in state.items():
        torch.testing.assert_close(own[name], value, rtol=1e-3, atol=1e-4)
    tables = np.ones((1, 2, 8, 8), np.float32)
    TorchEngine(network, "cpu", "lr").run(np.zeros((1, 3, 8, 8), np.float32), tables=tables)


SWIN = {"scale": 2, "channels": 12, "num_heads": 2, "window": 4, "upsampled": 8, "num_groups": 2}


@pytest.mark.parametrize(
    ("architecture", "sizes", "buffers"),
    [
        (
            "swinir",
            {"num_layers": 2},
            ("layers.0.residual_group.blocks.1.attn_mask", "relative_position_index"),
        ),
        ("drct", {"growth": 4}, ("layers.0.swin1.attn.relative_position_index", "attn_mask")),
        (
            "hma",
            {"num_layers": 2},
            ("relative_position_index_SA", "layers.1.residual_group.relative_position_index_OCA"),
        ),
    ],
)
def test_buffers_that_follow_from_the_sizes_are_left_out(
    architecture: str,
    sizes: dict[str, int],
    buffers: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PRESETS, "tiny", Preset(architecture, {**SWIN, **sizes}))
    state = build(architecture, {**SWIN, **sizes}).state_dict()
    index = torch.zeros(16, 16, dtype=torch.int64)
    torch.save({"params_ema": state | dict.fromkeys(buffers, index)}, tmp_path / "a.pth")
    convert(str(tmp_path / "a.pth"), "tiny", tmp_path / "w.safetensors")
    network = load_network(read(tmp_path / "w.safetensors"))
    assert network.state_dict().keys() == state.keys()


def test_safetensors_and_a_name_by_the_command(state: dict[str, Tensor], tmp_path: Path) -> None:
    save_file(state, tmp_path / "a.safetensors")
    arguments = ["convert", str(tmp_path / "a.safetensors"), "--preset", "tiny", "--name", "own"]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "w.safetensors")])
    assert result.exit_code == 0, result.output
    assert read(tmp_path / "w.safetensors").record.name == "own"


def test_the_authors_file_is_not_written_over(state: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file(state, path)
    before = path.read_bytes()
    (tmp_path / "link.safetensors").symlink_to(path)
    for out in (path, tmp_path / "link.safetensors"):
        arguments = ["convert", str(path), "--preset", "tiny", "-o", str(out)]
        result = CliRunner().invoke(app, arguments)
        said = f"error: {out}: is the file to read, choose another to write\n"
        assert (result.exit_code, result.stderr) == (2, said)
        assert out.read_bytes() == before


class Code:
    def __reduce__(self) -> Any:
        return print, ("this must not run",)


def test_code_is_not_run(
    state: dict[str, Tensor], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"params": state, "more": Code()}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"a\.pth: damaged, or not a file of tensors alone"):
        convert(str(tmp_path / "a.pth"), "tiny", tmp_path / "w.safetensors")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {k: s[k] for k in list(s)[1:]}, "lacks .*weight"),
        (lambda s: {**s, "body.0.weight": torch.ones(1)}, "has body.0.weight, which"),
        (lambda s: {**s, "conv_mid.weight": torch.ones(2, 2)}, r"conv_mid.weight is \(2, 2\), not"),
        (lambda s: {**s, "conv_mid.weight": s["conv_mid.weight"] * torch.inf}, "is not finite"),
        (lambda s: {}, "holds no tensors"),
        (lambda s: [1, 2], "holds no tensors"),
    ],
)
def test_what_does_not_fit_is_refused(
    change: Callable[[Any], Any], message: str, state: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save(change(state), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=f"a.pth: .*{message}"):
        convert(str(tmp_path / "a.pth"), "tiny", tmp_path / "w.safetensors")
    assert not (tmp_path / "w.safetensors").exists()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("a", torch.zeros(1, dtype=torch.float16).expand(2**40), "has a, which it does not know"),
        ("conv_mid.weight", torch.zeros(1).expand(2**40), r"is \(1099511627776,\), not \(4, 4, 3"),
        ("conv_mid.weight", torch.zeros(4, 4, 3, 3, device="meta"), "is not a plain table"),
        # PyTorch 2.14 refuses it by itself
        ("conv_mid.weight", torch.zeros(4, 4).to_sparse(), "(is not a plain table|damaged)"),
        ("conv_mid.weight", torch.zeros(4, 4, dtype=torch.complex64), "is not a plain table"),
    ],
    ids=["unknown", "shape", "meta", "sparse", "complex"],
)
def test_what_a_few_bytes_claim_is_not_made(
    name: str, value: Tensor, message: str, state: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save({**state, name: value}, tmp_path / "a.pth")
    assert (tmp_path / "a.pth").stat().st_size < 2**17
    with pytest.raises(WeightsError, match=f"a.pth: .*{message}") as caught:
        convert(str(tmp_path / "a.pth"), "tiny", tmp_path / "w.safetensors")
    assert "\n" not in str(caught.value)


def test_a_packed_archive_is_refused(state: dict[str, Tensor], tmp_path: Path) -> None:
    """PyTorch stores its records as they are, and would unpack a thousand times the file's size."""
    torch.save(state | {"a": torch.zeros(2**20)}, tmp_path / "a.pth")
    with (
        zipfile.ZipFile(tmp_path / "a.pth") as stored,
        zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for entry in stored.namelist():
            packed.writestr(entry, stored.read(entry))
    with pytest.raises(WeightsError, match=r"b\.pth: is packed"):
        convert(str(tmp_path / "b.pth"), "tiny", tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("source", "preset", "code", "message"),
    [
        ("no.pth", "arcnn", 1, "no.pth: no such file"),
        ("empty.pth", "arcnn", 1, "damaged, or not a file of tensors alone"),
        ("empty.safetensors", "arcnn", 1, "not a safetensors file"),
        ("empty.mat", "fbcnn", 1, ".mat files are known of arcnn, dncnn"),
        ("empty.pth", "vgg", 2, "--preset vgg: not one of jcarsr-x2"),
        ("empty.pth", "dan", 2, "--preset dan: DAN's weights are on cloud drives"),
    ],
)
def test_bad_input_is_one_line(
    source: str, preset: str, code: int, message: str, tmp_path: Path
) -> None:
    for suffix in (".pth", ".safetensors", ".mat"):
        (tmp_path / f"empty{suffix}").touch()
    arguments = ["convert", str(tmp_path / source), "--preset", preset, "-o", str(tmp_path / "w")]
    result = CliRunner().invoke(app, arguments)
    said = f"{result.output}{result.exception}"
    assert result.exit_code == code
    assert message in said
