import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from jcarsr import JCARSRConfig
from jcarsr.weights import Record, read, write


def stored(path: Path, **values: float) -> Path:
    record = Record(name=path.name, **JCARSRConfig(scale=2, channels=8).describe())
    tensors = {name: np.full(1, value, np.float32) for name, value in values.items()}
    write(path, tensors, record)
    return path


def run(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, *files: Path) -> int:
    own, before, after, out = map(str, files)
    arguments = ["add", own, "--before", before, "--after", after, "--out", out]
    monkeypatch.setattr(sys, "argv", arguments)
    return tool.main()


def test_files_keep_their_roles(
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own, before, after = (stored(tmp_path / str(value), a=value) for value in (8, 1, 3))
    out = tmp_path / "out"
    assert run(tool, monkeypatch, own, before, after, out) == 0
    assert read(out).tensors["a"] == 10
    assert capsys.readouterr().out == f"{out}: 1 of 1 tensors changed\n"


def test_refusal_is_a_line(
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own, other, out = stored(tmp_path / "1", a=1), stored(tmp_path / "2", b=1), tmp_path / "out"
    assert run(tool, monkeypatch, own, other, other, out) == 1
    message = f"error: {own}: has no tensor in common with {other} and {other}\n"
    assert capsys.readouterr().err == message
    assert not out.exists()
