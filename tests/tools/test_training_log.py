"""The page is what the files of the runs make, and a wrong file is one line."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jcarsr import DataError
from jcarsr.evaluation.markers import BEGIN, END
from jcarsr.weights import bundled_names, find, read_record

RUN: dict[str, Any] = {
    "name": "2026-11-23-a",
    "date": "2026-11-23",
    "weights": "jcarsr-lite-x2",
    "bundled": False,
    "start": [],
    "data": "12 pictures",
    "histories": "jpeg, QF 10",
    "batch_size": 8,
    "patch_size": 48,
    "device": "1 CPU core",
    "precision": "float32",
    "compiled": True,
    "stages": [
        {"recipe": "finish", "learning_rate": 8e-4, "seed": 3, "steps": 1200, "minutes": 60},
        {"recipe": "settle", "learning_rate": None, "steps": 90, "minutes": 0.5},
    ],
    "mean_of": ["finish", "settle"],
    "before": {"Set5": {"jpeg10": 28.0, "jpeg40": 31.0, "jpeg80": 33.0}},
    "after": {"Set5": {"jpeg10": 28.1, "jpeg40": 31.25, "jpeg80": 33.0}},
    "note": "A made run.",
}


def stored(folder: Path, **changed: Any) -> Path:
    run = RUN | changed
    path = folder / f"{run['name']}.json"
    path.write_text(json.dumps({key: value for key, value in run.items() if value is not None}))
    return path


def test_the_page_has_the_table_of_the_files(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["training_log.py", "--check"])
    assert tool.main() == 0


def test_a_stale_page_is_found_and_written(
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "log.md"
    page.write_text(f"# Log\n\n{BEGIN}\n\nold\n\n{END}\nprose\n")
    stored(tmp_path)
    monkeypatch.setattr(tool, "RUNS", tmp_path)
    monkeypatch.setattr(tool, "PAGE", page)
    for words, code in ((["--check"], 1), ([], 0), (["--check"], 0)):
        monkeypatch.setattr(sys, "argv", ["training_log.py", *words])
        assert tool.main() == code
    assert "is out of date" in capsys.readouterr().err
    assert page.read_text().endswith("prose\n")


def test_a_row_has_stages_minutes_and_scores(tool: ModuleType, tmp_path: Path) -> None:
    row = tool.table([tool.read_run(stored(tmp_path))]).splitlines()[2]
    assert "| untrained | finish 8e-4, 1,200 steps → settle, 90 steps, their mean | 60.5 |" in row
    assert "1 CPU core, float32, compiled" in row
    assert "Set5, QF 10 / 40 / 80: 28.00 / 31.00 / 33.00 → 28.10 / 31.25 / 33.00 | no |" in row


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "2026-11-24-a"}, "does not begin with its date"),
        ({"start": ["2026-11-22-b"]}, "starts from 2026-11-22-b, which is no run"),
        ({"colour": "red"}, "unexpected keyword argument 'colour'"),
        ({"note": None}, "missing 1 required keyword-only argument: 'note'"),
        ({"mean_of": ["short"]}, "must name recipes"),
        ({"stages": []}, "must name recipes"),
    ],
)
def test_wrong_files_are_one_line(
    tool: ModuleType, tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    path = stored(tmp_path, **changed)
    with pytest.raises(DataError, match=message) as raised:
        tool.read_run(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_weights_have_a_run_with_what_their_record_says(
    tool: ModuleType, name: str
) -> None:
    runs = [tool.read_run(path) for path in sorted(tool.RUNS.glob("*.json"))]
    run = [run for run in runs if run.weights == name and run.bundled][-1]
    record = read_record(find(name))
    assert run.sha256 == record.sha256
    parts = record.training.get("mean_of", [record.training])
    assert [stage.steps for stage in run.stages] == [part["steps"] for part in parts]
    assert {run.stages[-1].seed, run.batch_size, run.patch_size} == {
        record.recipe[key] for key in ("seed", "batch_size", "patch_size")
    }
