import sys
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
import pytest

from jcarsr import JCARSRConfig
from jcarsr.weights import Record, read, write


def stored(path: Path, *, scale: Literal[2, 4] = 2, **values: float | list[float]) -> Path:
    config = JCARSRConfig(scale=scale, channels=8)
    record = Record(name=path.name, **config.describe(), scores={"Set5 x4 QF 10": [24, 0.7]})
    tensors = {name: np.atleast_1d(np.float32(value)) for name, value in values.items()}
    write(path, tensors, record)
    return path


def run(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, *files: Path) -> int:
    own, before, after, out = map(str, files)
    arguments = ["add", own, "--before", before, "--after", after, "--out", out]
    monkeypatch.setattr(sys, "argv", arguments)
    return tool.main()


def test_difference_is_added_to_what_all_three_have(tmp_path: Path, tool: ModuleType) -> None:
    own = stored(tmp_path / "4", scale=4, trunk=[8, 8], tail=[3, 3], last=5)
    before = stored(tmp_path / "2", trunk=[1, 1], tail=1)
    after = stored(tmp_path / "2+", trunk=[1.5, 0.5], tail=2)
    out = tmp_path / "out"
    assert tool.add_training(own, before, after, out) == (1, 3)
    summed = read(out)
    assert {name: values.tolist() for name, values in summed.tensors.items()} == {
        "trunk": [8.5, 7.5],
        "tail": [3, 3],  # another shape than x2's
        "last": [5],
    }
    parts = summed.record.training["sum_of"]
    assert [parts[key]["sha256"] for key in ("weights", "before", "after")] == [
        read(path).record.sha256 for path in (own, before, after)
    ]
    assert summed.record.name == "4"
    assert summed.record.scores == {}


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
