"""The network against its equations, and end to end through every door."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.training import flops as flops
from support.training import two_held_out as two_held_out
from torch.nn.functional import conv2d, interpolate, pixel_shuffle, relu
from typer.testing import CliRunner

from jcarsr import WeightsError
from jcarsr.cli import app
from jcarsr.evaluation.rows import read_rows
from jcarsr.export import write
from jcarsr.export.int8 import patches
from jcarsr.networks.catalog import PRESETS, Preset
from jcarsr.networks.edsr import EDSR, EDSRConfig
from jcarsr.networks.layers import DIV2K_MEAN
from jcarsr.weights import read_record

CONFIG = EDSRConfig(scale=2, channels=8, num_blocks=2)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("skip", [False, True])
def test_output_is_the_papers_equations(scale: int, skip: bool) -> None:
    """Written with plain functions from the parameters, at an odd size."""
    network = EDSR(replace(CONFIG, scale=scale, skip=skip))
    p = dict(network.named_parameters())

    def conv(x: torch.Tensor, name: str) -> torch.Tensor:
        return conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], padding=1)

    lq = torch.rand(2, 3, 9, 13)
    mean = torch.tensor(DIV2K_MEAN).view(3, 1, 1)
    head = x = conv(lq - mean, "head.0")
    for block in range(2):
        inner = relu(conv(x, f"body.{block}.body.0"))
        x = x + 0.1 * conv(inner, f"body.{block}.body.2")
    x = head + conv(x, "body.2")
    for step in range(0, scale, 2):
        x = pixel_shuffle(conv(x, f"tail.0.{step}"), 2)
    x = conv(x, "tail.1")
    base = interpolate(lq, scale_factor=scale, mode="bilinear") if skip else mean
    torch.testing.assert_close(network(lq).sr, x + base)


@pytest.mark.parametrize(("field", "value"), [("scale", 3), ("channels", 0), ("num_blocks", -1)])
def test_impossible_sizes_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} .*{value}"):
        EDSRConfig(**{"scale": 2, field: value})  # pyright: ignore


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="lq must be"):
        EDSR(CONFIG)(torch.rand(3, 8, 8))


@pytest.mark.usefixtures("two_held_out")
@pytest.mark.filterwarnings("default")  # the training engine warns of its own matters
def test_trains_exports_restores_and_is_evaluated(
    tmp_path: Path, small_pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Preset("edsr", {"scale": 2, "channels": 8, "num_blocks": 1, "skip": True})
    monkeypatch.setitem(PRESETS, "edsr-tiny", small)

    def run(*arguments: object) -> str:
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert result.exit_code == 0, result.output
        return result.output

    weights = tmp_path / "run" / "weights.safetensors"
    run(
        *("train", "short", "--preset", "edsr-tiny", "--data", small_pictures),
        *("--out", weights.parent, "--max-steps", 2, "--batch-size", 2, "--patch-size", 16),
        *("--device", "cpu", "--name", "edsr-tiny"),
    )
    record = read_record(weights)
    assert (record.architecture, record.facts.outputs) == ("edsr", ("sr",))
    run("export", weights)
    graphs = sorted(path.name for path in weights.parent.glob("*.onnx"))
    assert graphs == ["weights.sr.onnx"]
    (tmp_path / "album").mkdir()
    Image.new("RGB", (128, 128)).save(tmp_path / "album" / "a.png")
    with pytest.raises(WeightsError, match="no convolution of its network is known to stand 8"):
        write.export(weights, calibration=patches(tmp_path / "album"))

    source, results = small_pictures / "00.png", []
    for engine in ("onnx", "torch"):
        out = tmp_path / f"{engine}.png"
        run("restore", source, "-o", out, "--weights", weights, "--engine", engine)
        results.append(np.asarray(Image.open(out)).astype(int))
    assert results[0].shape == (80, 96, 3)
    assert np.abs(results[0] - results[1]).max() <= 1
    run("restore", source, "-o", tmp_path / "1.png", "--weights", weights, "--scale", 1)
    with Image.open(tmp_path / "1.png") as image:  # twice as large, and shrunk
        assert image.size == (48, 40)

    rows = tmp_path / "rows.jsonl"
    run(
        *("evaluate", "--data", small_pictures, "--scale", 2, "--qf", 10),
        *("--weights", weights, "--json", rows),
    )
    assert [(row.restorer, row.sha256) for row in read_rows([rows])] == [
        ("edsr-tiny", record.sha256)
    ]
