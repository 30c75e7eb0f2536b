"""Networks that keep the size, end to end through every door."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.training import flops as flops
from support.training import two_held_out as two_held_out
from typer.testing import CliRunner

from jcarsr import WeightsError
from jcarsr.cli import app
from jcarsr.evaluation.rows import read_rows
from jcarsr.jpeg.last_save import last_save_of
from jcarsr.networks.catalog import PRESETS, Preset, build
from jcarsr.networks.network import Network
from jcarsr.restoring.networks import Networks
from jcarsr.weights import Record, read, read_record, write

SMALL: dict[str, dict[str, Any]] = {
    "arcnn": {"features": 4, "enhanced": 4, "mapped": 4},
    "dncnn": {"channels": 4, "num_layers": 3},
    "fbcnn": {"channels": 2, "num_blocks": 1, "skip": True},
    "qgcn": {"channels": 4, "num_blocks": 2, "global_channels": 1, "global_hidden": 4},
    "jdec": {
        **{"channels": 8, "hidden": 8, "num_groups": 1, "num_layers": 1, "heads": 2, "window": 4},
        "skip": True,
    },
}
READERS = ("qgcn", "jdec")


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.usefixtures("two_held_out")
@pytest.mark.filterwarnings("default")  # the training engine warns of its own matters
@pytest.mark.parametrize("architecture", list(SMALL))
def test_trains_restores_and_is_evaluated(
    architecture: str, tmp_path: Path, small_pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRESETS, "tiny", Preset(architecture, SMALL[architecture]))
    weights = tmp_path / "run" / "weights.safetensors"
    run(
        *("train", "short", "--preset", "tiny", "--data", small_pictures),
        *("--out", weights.parent, "--max-steps", 2, "--batch-size", 2, "--patch-size", 16),
        *("--learning-rate", 10),  # a hundredth of it in the first steps
        *("--device", "cpu", "--name", "tiny", "--shrink", 2),
    )
    record = read_record(weights)
    assert (record.architecture, record.facts.outputs) == (architecture, ("lr",))
    assert record.facts.reads == (("tables",) if architecture in READERS else ())

    source, out = tmp_path / "a.jpg", tmp_path / "out.png"
    Image.open(small_pictures / "00.png").resize((95, 61)).save(source, quality=20)
    run("restore", source, "-o", out, "--weights", weights, "--engine", "torch")
    restored = np.asarray(Image.open(out))
    assert restored.shape == (61, 95, 3)

    rows = tmp_path / "rows.jsonl"
    run(
        *("evaluate", "--data", small_pictures, "--scale", 1, "--qf", 10),
        *("--weights", weights, "--weights", "bicubic", "--json", rows),
    )
    own, jpeg = read_rows([rows])
    assert (own.restorer, own.sha256, own.scale) == ("tiny", record.sha256, 1)
    assert own.psnr != jpeg.psnr
    assert "keeps the size" in run(
        *("evaluate", "--data", small_pictures, "--scale", 2, "--qf", 10, "--weights", weights),
        code=2,
    )


def trained(architecture: str) -> Network:
    """A network that changes its input, as one at its start need not."""
    network = build(architecture, SMALL[architecture]).eval()
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.01)
    return network


def stored(folder: Path, architecture: str) -> Path:
    network = trained(architecture)
    path = folder / f"{architecture}.safetensors"
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    write(path, tensors, Record(name=architecture, **network.describe()))
    return path


@pytest.mark.parametrize(
    "architecture",
    [
        "arcnn",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("dncnn", "fbcnn")),
    ],
)
def test_exported_graphs_compute_the_same(architecture: str, tmp_path: Path) -> None:
    weights, source = stored(tmp_path, architecture), tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (61, 95, 3), np.uint8)).save(source)
    run("export", weights)
    assert [path.name for path in tmp_path.glob("*.onnx")] == [f"{architecture}.lr.onnx"]
    results: list[Any] = []
    for engine in ("auto", "onnx", "torch"):
        out = tmp_path / f"{engine}.png"
        run("restore", source, "-o", out, "--weights", weights, "--engine", engine)
        results.append(np.asarray(Image.open(out)).astype(int))
    assert max(np.abs(result - results[-1]).max() for result in results) <= 1


@pytest.mark.parametrize("architecture", READERS)
def test_readers_are_not_exported_and_run_in_pytorch_alone(
    architecture: str, tmp_path: Path
) -> None:
    weights = stored(tmp_path, architecture)
    assert "reads a JPEG's tables" in run_error("export", weights)
    source = tmp_path / "a.png"
    Image.new("RGB", (20, 20)).save(source)
    arguments = ("restore", source, "-o", tmp_path / "b.png", "--weights", weights)
    assert "reads a JPEG's tables" in run_error(*arguments, "--engine", "onnx")


def run_error(*arguments: object) -> str:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code != 0
    return f"{result.output} {result.exception}"


@pytest.mark.parametrize("architecture", list(SMALL))
def test_bfloat16_stays_near_float32(architecture: str) -> None:
    network, lq = trained(architecture), torch.rand(1, 3, 24, 40)
    tables = (torch.full((1, 2, 8, 8), 16.0),) if architecture in READERS else ()
    with torch.no_grad():
        exact = network(lq, *tables).sr
        with torch.autocast("cpu", torch.bfloat16):
            near = network(lq, *tables).sr
    assert (near.float() - exact).abs().max() <= 0.02 * exact.abs().max()
    assert (exact - lq).abs().mean() > 1e-4


def test_restoring_a_file_hands_on_its_own_tables(tmp_path: Path) -> None:
    weights, jpeg, png = stored(tmp_path, "qgcn"), tmp_path / "a.jpg", tmp_path / "a.png"
    pixels = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)
    Image.fromarray(pixels).save(jpeg, quality=10)
    with Image.open(jpeg) as image:
        saved, decoded = last_save_of(image), np.array(image)
    Image.fromarray(decoded).save(png)
    assert saved.luma is not None and saved.chroma is not None
    network = build("qgcn", SMALL["qgcn"])
    tensors = read(weights).tensors
    network.load_state_dict({name: torch.from_numpy(v).float() for name, v in tensors.items()})
    results: list[Any] = []
    for source in (jpeg, png):
        out = tmp_path / "out.png"
        run(
            *("restore", source, "-o", out, "--weights", weights, "--engine", "torch"),
            *("--precision", "float32", "--overwrite"),
        )
        results.append(np.asarray(Image.open(out)))
    lq = torch.from_numpy(decoded).permute(2, 0, 1)[None] / 255
    steps = torch.tensor([saved.luma, saved.chroma]).float().view(1, 2, 8, 8)
    for result, tables in zip(results, (steps, torch.ones_like(steps)), strict=True):
        with torch.inference_mode():
            sr = network(lq, tables).sr
        sr = sr + lq.mean((2, 3), keepdim=True) - sr.clamp(0, 1).mean((2, 3), keepdim=True)
        expected = (sr[0].permute(1, 2, 0) * 255).round().clamp(0, 255).numpy()
        assert np.abs(result - expected).max() <= 1
    assert not np.array_equal(*results)


def test_a_network_of_scale_1_does_nothing_else(tmp_path: Path) -> None:
    networks = Networks(str(stored(tmp_path, "arcnn")))
    assert networks.scales == (1,)
    with pytest.raises(WeightsError, match="keeps the size, and 2 is needed"):
        networks.restorer(2)
