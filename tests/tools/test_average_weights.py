import sys
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
import pytest

from jcarsr import JCARSRConfig
from jcarsr.weights import Record, read, write


def stored(path: Path, value: float, scale: Literal[2, 4] = 2) -> Path:
    record = Record(name=path.name, **JCARSRConfig(scale=scale, channels=8).describe())
    write(path, {"a": np.full(1, value, np.float32)}, record)
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
    files = [stored(tmp_path / str(value), value) for value in (1, 2, 6)]
    out = tmp_path / "mean"
    assert run(tool, monkeypatch, *files, out) == 0
    assert read(out).tensors["a"] == 3
    assert capsys.readouterr().out == f"{out}\n"


def test_refusal_is_a_line(
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, two, out = stored(tmp_path / "1", 1, scale=4), stored(tmp_path / "2", 2), tmp_path / "out"
    assert run(tool, monkeypatch, one, two, out) == 1
    assert capsys.readouterr().err == f"error: {one}: not the network of {two}\n"
    assert not out.exists()
