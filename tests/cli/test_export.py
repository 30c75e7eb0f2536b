import shutil
from pathlib import Path

import numpy as np
import onnx_ir
import pytest
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.engines.graph_files import graph_path
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.networks.jcarsr.config import JCARSRConfig

FACTS = JCARSRConfig(scale=2).facts

run = CliRunner().invoke


def test_graphs_are_written_beside_the_weights(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = Path(shutil.copy(exported, tmp_path))
    monkeypatch.setattr(  # tracing takes seconds and is tested elsewhere
        "jcarsr.export.write.trace",
        lambda weights, outputs: {
            output: onnx_ir.load(graph_path(exported, output)) for output in outputs
        },
    )
    result = run(app, ["export", str(weights)])
    graphs = [graph_path(weights, output) for output in FACTS.restoring_outputs]
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == [str(graph) for graph in graphs]
    lq = np.zeros((1, 3, 9, 8), np.float32)
    assert OnnxEngine(weights).run(lq).shape == (1, 3, 18, 16)


def test_wrong_use_is_told(tiny_weights: Path, tmp_path: Path) -> None:
    result = run(app, ["export", str(tiny_weights), "--format", "ncnn"])
    assert result.exit_code == 2
    assert "--format ncnn: not onnx" in result.stderr
    result = run(app, ["export", "nothing"])
    assert result.exit_code == 1
    assert "nothing: no such weight file" in str(result.exception)
    for half in (["--int8"], ["--calibration", str(tmp_path)]):
        result = run(app, ["export", str(tiny_weights), *half])
        assert result.exit_code == 2
        assert "--int8 and --calibration belong together" in result.stderr
    (tmp_path / "file").touch()
    result = run(app, ["export", str(tiny_weights), "-o", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert str(result.exception) == f"{tmp_path / 'file'}: File exists"


def test_one_file_is_written_where_it_is_wanted(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls = {
        (): "small.onnx",
        ("--tile", "32"): "small.32.onnx",
        ("-o", "folder"): str(Path("folder/small.onnx")),
        ("-o", "a/mine.ONNX", "--tile", "16"): str(Path("a/mine.ONNX")),
    }
    for words, expected in calls.items():
        result = run(app, ["export", str(exported), "--single", *words])
        assert result.exit_code == 0, result.output
        assert result.stdout == f"{expected}\n"
        assert Path(expected).is_file()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("small.onnx", "small.32.onnx", "folder", "a")
    }


def test_options_of_one_file_are_checked(tiny_weights: Path, tmp_path: Path) -> None:
    words = {
        ("--tile", "64"): "--tile needs --single",
        ("--single", "--tile", "8"): "--tile 8: from 16 to 1024 pixels",
        ("--single", "--int8", "--calibration", "x"): "--single and --int8 do not go together",
    }
    for wrong, message in words.items():
        result = run(app, ["export", str(tiny_weights), "-o", str(tmp_path / "new"), *wrong])
        assert result.exit_code == 2
        assert message in result.stderr
    assert not (tmp_path / "new").exists()
