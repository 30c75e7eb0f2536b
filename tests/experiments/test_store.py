import multiprocessing as mp
from pathlib import Path

import pytest

from jcarsr.errors import DataError
from jcarsr.experiments.agenda import make_agenda
from jcarsr.experiments.jobs import Conditions
from jcarsr.experiments.lock import try_lock
from jcarsr.experiments.plan import Plan
from jcarsr.experiments.store import Store, write_text

pytestmark = pytest.mark.usefixtures("tiny_presets")


def test_half_written_files_are_no_results(
    plan: Plan, conditions: Conditions, sets: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    agenda = make_agenda([plan], conditions, seeds=1, sets=[sets])
    store = Store(tmp_path / "out")
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


def hold(path: Path, ready: "mp.synchronize.Event", end: "mp.synchronize.Event") -> None:
    with try_lock(path, wait=False) as ours:
        assert ours
        ready.set()
        end.wait(60)


def test_lock_is_held_by_one_process_and_ends_with_it(tmp_path: Path) -> None:
    context = mp.get_context("spawn")
    ready, end = context.Event(), context.Event()
    child = context.Process(target=hold, args=(tmp_path / "lock", ready, end))
    child.start()
    assert ready.wait(60)
    with try_lock(tmp_path / "lock", wait=False) as ours:
        assert not ours
    child.kill()
    with try_lock(tmp_path / "lock", wait=True) as ours:
        assert ours
    child.join()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file/x\.md: cannot be written"):
        write_text(tmp_path / "file" / "x.md", "text")
