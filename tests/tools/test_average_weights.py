import sys
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
import pytest

from jcarsr import JCARSRConfig
from jcarsr.weights import Record, read, write


def stored(path: Path, values: list[float], steps: int, scale: Literal[2, 4] = 2) -> Path:
    training, scores = {"steps": steps}, {"Set5 x2 QF 10": [28, 0.8]}
    config = JCARSRConfig(scale=scale, channels=8)
    record = Record(name=path.name, **config.describe(), training=training, scores=scores)
    write(path, {"a": np.array(values, np.float32)}, record)
    return path


def run(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, *files: Path) -> int:
    *weights, out = map(str, files)
    monkeypatch.setattr(sys, "argv", ["average", *weights, "--out", out])
    return tool.main()


def test_mean_of_all_files_is_written(
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [stored(tmp_path / str(value), [value, -value], 10) for value in (1, 2, 6)]
    out = tmp_path / "mean"
    assert run(tool, monkeypatch, *files, out) == 0
    assert read(out).tensors["a"].tolist() == [3, -3]
    assert capsys.readouterr().out == f"{out}\n"


def test_mean_says_of_what_it_is_the_mean_and_claims_no_scores(
    tmp_path: Path, tool: ModuleType
) -> None:
    files = [stored(tmp_path / str(steps), [1.0], steps) for steps in (10, 20)]
    out = tmp_path / "mean"
    tool.average(files, out)
    mean = read(out).record
    parts = mean.training["mean_of"]
    assert [part["steps"] for part in parts] == [10, 20]
    assert [part["sha256"] for part in parts] == [read(path).record.sha256 for path in files]
    assert mean.scores == {}


def test_refusal_is_a_line(
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, two = stored(tmp_path / "1", [1], 10, scale=4), stored(tmp_path / "2", [2], 20)
    out = tmp_path / "out"
    assert run(tool, monkeypatch, one, two, out) == 1
    assert capsys.readouterr().err == f"error: {one}: not the network of {two}\n"
    assert not out.exists()
