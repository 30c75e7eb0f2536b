import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE

import pytest

from jcarsr.errors import DataError
from jcarsr.evaluation.rows import Row
from jcarsr.experiments.agenda import make_agenda
from jcarsr.experiments.jobs import Conditions
from jcarsr.experiments.lock import try_lock
from jcarsr.experiments.plan import ExperimentPlan
from jcarsr.experiments.store import ResultStore, read_copied, write_text

pytestmark = pytest.mark.usefixtures("tiny_presets")


def test_half_written_files_are_no_results(
    plan: ExperimentPlan, conditions: Conditions, sets: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    agenda = make_agenda([plan], conditions, seeds=1, sets=[sets])
    store = ResultStore(tmp_path / "out")
    training, scoring = agenda.trainings[0], agenda.scorings[0]
    folder = store.run_folder(training)
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(tiny_weights.read_bytes())
    assert store.record(training) is None  # without the note that its budget is spent
    for text in ("", "{", "[]", '{"job": "other", "sha256": ""}'):
        (folder / "done.json").write_text(text)
        assert store.record(training) is None
    store.finish(training)
    assert store.record(training)
    (folder / "weights.safetensors").write_bytes(tiny_weights.read_bytes()[:-500])
    assert store.record(training) is None
    rows = tmp_path / "out" / "rows"
    rows.mkdir()
    for text in ("", "{", "{}"):
        (rows / f"{scoring.hash}.json").write_text(text)
        assert store.row(scoring) is None


HOLD = """
import sys
from pathlib import Path
from jcarsr.experiments.lock import try_lock
with try_lock(Path(sys.argv[1]), wait=False) as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""


def test_lock_is_held_by_one_process_and_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        with try_lock(path, wait=False) as ours:
            assert not ours
        child.kill()
        with try_lock(path, wait=True) as ours:
            assert ours


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file/x\.md: cannot be written"):
        write_text(tmp_path / "file" / "x.md", "text")


def test_rows_that_came_with_the_file_are_known(
    make_row: Callable[..., Row], tmp_path: Path
) -> None:
    assert read_copied(tmp_path) == {}
    here, copied = (make_row("jcarsr-lite-x2", seed, 28.0) for seed in (0, 1))
    assert here.trial
    assert copied.trial
    assert here.trial.job != copied.trial.job
    text = "".join(row.as_json() + "\n" for row in (here, copied))
    write_text(tmp_path / "rows.jsonl", text)
    own = tmp_path / "rows" / f"{here.trial.job}.json"
    write_text(own, here.as_json())
    assert read_copied(tmp_path) == {copied.trial.job: copied}
    assert ResultStore(tmp_path).rows() == [copied, here]
    write_text(own, "damaged, but its line is not")
    assert read_copied(tmp_path) == {here.trial.job: here, copied.trial.job: copied}
    store = ResultStore(tmp_path)
    assert (store.rows(), store.damaged()) == ([here, copied], [])
    write_text(tmp_path / "rows" / "another.json", "damaged")
    assert store.damaged() == [tmp_path / "rows" / "another.json"]
    write_text(tmp_path / "rows.jsonl", replace(here, trial=None).as_json() + "\n")
    with pytest.raises(DataError, match="rows of no experiment, which would be lost"):
        read_copied(tmp_path)
