import hashlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from jcarsr.batch.entries import as_text, path_of
from jcarsr.batch.ledger import FILE_NAME, Entry, Ledger, Planned
from jcarsr.batch.ledger_reader import LedgerReader
from jcarsr.batch.ledgers import Part, earlier_entries, merge, survey
from jcarsr.batch.shard import WHOLE, Shard
from jcarsr.errors import LedgerError

A, B, C = Shard(1, 3), Shard(2, 3), Shard(3, 3)


def run(
    folder: Path,
    shard: Shard,
    planned: Iterable[str] = (),
    done: Iterable[str] = (),
    failed: Iterable[str] = (),
    content: bytes = b"result",
) -> None:
    """A run's ledger, and the results that it says are done."""
    with Ledger(folder, shard=shard) as ledger:
        ledger.begin([Planned(f"in/{name}", name) for name in planned])
        for name in done:
            (folder / name).write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            entry = Entry(target=name, source=f"in/{name}", state="done", result_sha256=sha256)
            ledger.enter(entry)
        for name in failed:
            entry = Entry(target=name, source=f"in/{name}", state="failed", error="broken")
            ledger.enter(entry)


def numbers(parts: list[Part]) -> list[tuple[Any, ...]]:
    return [
        (p.shard, p.state, p.inputs, p.done, p.count("failed"), p.count("missing")) for p in parts
    ]


def reasons(parts: list[Part]) -> dict[str, str]:
    return {left.source: left.reason for part in parts for left in part.left}


def test_input_that_is_refused_later_has_failed(tmp_path: Path) -> None:
    run(tmp_path, WHOLE, ["a"], done=["a"])  # another run's
    with Ledger(tmp_path) as ledger:
        ledger.begin([Planned(f"other/{name}", name) for name in ("a", "b")])
        ledger.refuse(Planned("other/a", "a"), "is another's")
        (entry,) = ledger.entries()
    assert (entry.source, entry.state) == ("in/a", "done")
    parts = survey(tmp_path)
    assert numbers(parts) == [(WHOLE, "ended", 2, 0, 1, 1)]
    assert reasons(parts) == {"other/a": "is another's", "other/b": "not restored yet"}


def test_every_shards_inputs_are_counted_against_its_plan(tmp_path: Path) -> None:
    run(tmp_path, A, ["a", "b"], done=["a", "b"])
    run(tmp_path, C, ["c", "d", "e", "f"], done=["c", "d"], failed=["e"])
    (tmp_path / "d").unlink()
    parts = survey(tmp_path)
    assert numbers(parts) == [
        (A, "ended", 2, 2, 0, 0),
        (B, "not begun", 0, 0, 0, 0),
        (C, "ended", 4, 1, 1, 2),
    ]
    gone = f"its result {tmp_path / 'd'} is not there (No such file or directory)"
    assert reasons(parts) == {"in/d": gone, "in/e": "broken", "in/f": "not restored yet"}


def test_refused_input_counts_as_failed(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.begin([Planned("http://x", None, "is a URL")])
    assert reasons(survey(tmp_path)) == {"http://x": "is a URL"}
    assert numbers(survey(tmp_path)) == [(WHOLE, "ended", 1, 0, 1, 0)]


def test_only_the_last_plan_counts(tmp_path: Path) -> None:
    run(tmp_path, WHOLE, ["a", "b"], done=["a"], failed=["b"])
    with Ledger(tmp_path) as ledger:
        ledger.begin([Planned("in/a", "a")])
        ledger.meet(tmp_path / "a")
    assert numbers(survey(tmp_path)) == [(WHOLE, "ended", 1, 1, 0, 0)]


@pytest.mark.parametrize("shard", [WHOLE, A])
def test_what_the_last_run_did_not_come_to_is_missing(tmp_path: Path, shard: Shard) -> None:
    """Their results may be those of other settings, or of pictures that have changed."""
    run(tmp_path, shard, "abcd", done="abc", failed="d")
    with Ledger(tmp_path, shard=shard) as ledger:
        ledger.begin([Planned(f"in/{name}", name) for name in "abcd"])
        ledger.meet(tmp_path / "a")
        ledger.enter(Entry(target="b", source="in/b", state="failed", error="broken"))
    said = "the last run did not come to it"
    for _ in range(2):
        parts = survey(tmp_path)[:1]
        assert numbers(parts)[0][2:] == (4, 1, 1, 2)
        assert reasons(parts) == {"in/b": "broken", "in/c": said, "in/d": said}
        merge(tmp_path)


def test_plan_of_an_earlier_version_does_not_say_what_was_met(tmp_path: Path) -> None:
    for shard, name in ((A, "a"), (B, "b"), (C, "c")):
        run(tmp_path, shard, [name], done=[name])
    database = sqlite3.connect(tmp_path / A.ledger_name)
    database.execute("ALTER TABLE plan DROP COLUMN met")
    database.commit()
    database.close()
    assert [part.done for part in survey(tmp_path)] == [1, 1, 1]
    assert merge(tmp_path) == 3
    assert [part.done for part in survey(tmp_path)] == [1, 1, 1]


def test_killed_run_is_judged_by_what_stands_there(tmp_path: Path) -> None:
    """An entry is pending before and after its file gets its name."""
    tmp_path.joinpath("a").write_bytes(b"whole")
    tmp_path.joinpath("b").write_bytes(b"of before")
    with Ledger(tmp_path, shard=A) as ledger:
        ledger.begin([Planned(f"in/{name}", name) for name in "abc"])
        for name in "abc":
            sha256 = hashlib.sha256(b"whole").hexdigest()
            ledger.enter(Entry(target=name, source="", state="pending", result_sha256=sha256))
    part = survey(tmp_path)[0]
    assert (part.done, [left.target for left in part.left]) == (1, ["b", "c"])


def test_changed_result_is_found_where_bytes_are_asked_for(tmp_path: Path) -> None:
    run(tmp_path, WHOLE, ["a", "b"], done=["a", "b"])
    (tmp_path / "b").write_bytes(b"other")
    assert survey(tmp_path)[0].done == 2
    (part,) = survey(tmp_path, check=True)
    assert (part.done, [left.target for left in part.left]) == (1, ["b"])


def test_running_shard_is_said_to_be_running(tmp_path: Path) -> None:
    run(tmp_path, A, ["a"], done=["a"])
    with Ledger(tmp_path, shard=B):
        assert [part.state for part in survey(tmp_path)] == ["ended", "running", "not begun"]
        with pytest.raises(LedgerError, match=r"a run is going on \(shard 2/3\)"):
            merge(tmp_path)
    assert (tmp_path / A.ledger_name).exists()


def test_merged_ledger_has_every_entry_and_names_the_same(tmp_path: Path) -> None:
    run(tmp_path, WHOLE, ["old"], done=["old"])
    run(tmp_path, A, ["a"], done=["a"])
    run(tmp_path, B, ["b", "x"], done=["b"], failed=["x"])
    before = survey(tmp_path)
    assert merge(tmp_path) == 2
    assert [path.name for path in tmp_path.glob("*.sqlite3")] == [FILE_NAME]
    assert survey(tmp_path) == before  # the third shard has still not begun
    with Ledger(tmp_path) as ledger:
        states = {entry.target: entry.state for entry in ledger.entries()}
        assert states == {"a": "done", "b": "done", "old": "done", "x": "failed"}
    assert merge(tmp_path) == 0


def test_merging_takes_the_newer_entry_but_no_failure_for_a_result(tmp_path: Path) -> None:
    run(tmp_path, WHOLE, ["a", "b"], done=["a", "b"])
    run(tmp_path, A, ["a"], done=["a"], content=b"newer")
    run(tmp_path, B, ["b"], failed=["b"])
    merge(tmp_path)
    with Ledger(tmp_path) as ledger:
        found = {entry.target: entry for entry in ledger.entries()}
    assert found["a"].result_sha256 == hashlib.sha256(b"newer").hexdigest()
    assert found["b"].state == "done"


def test_killed_merge_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for shard, name in ((A, "a"), (B, "b"), (C, "c")):
        run(tmp_path, shard, [name], done=[name])
    before, unlink = survey(tmp_path), Path.unlink

    def dies(self: Path, missing_ok: bool = False) -> None:
        if self.name == B.ledger_name:
            raise KeyboardInterrupt
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", dies)
    with pytest.raises(KeyboardInterrupt):
        merge(tmp_path)
    monkeypatch.undo()
    assert survey(tmp_path) == before
    assert merge(tmp_path) == 2
    assert survey(tmp_path) == before


def test_shard_finds_what_the_merged_ledger_knows(tmp_path: Path) -> None:
    run(tmp_path, A, ["a"], done=["a"])
    merge(tmp_path)
    with Ledger(tmp_path) as ledger:
        known = ledger.find(tmp_path / "a")
    assert known is not None
    shard = Shard(2, 4)
    with (
        earlier_entries(tmp_path, shard, lock=True) as earlier,
        Ledger(tmp_path, shard=shard, earlier=earlier) as ledger,
    ):
        assert ledger.find(tmp_path / "a") == known
        assert ledger.find(tmp_path / "b") is None
        ledger.enter(Entry(target="a", source="", state="pending"))
        found = ledger.find(tmp_path / "a")
        assert found is not None
        assert found.state == "pending"


@pytest.mark.parametrize("shard", [WHOLE, Shard(1, 4)])
def test_ledgers_of_other_shards_stand_in_the_way(tmp_path: Path, shard: Shard) -> None:
    run(tmp_path, A, ["a"], done=["a"])
    with (
        pytest.raises(LedgerError, match=r"has ledgers of a run in 3 shards: .*--merge"),
        earlier_entries(tmp_path, shard, lock=True),
    ):
        pass
    for folder, own in ((tmp_path, B), (tmp_path / "not there yet", shard)):
        with earlier_entries(folder, own, lock=True) as earlier:
            assert earlier("a") is None


def test_shard_does_not_begin_while_a_whole_run_goes_on(tmp_path: Path) -> None:
    with (
        Ledger(tmp_path) as ledger,
        pytest.raises(LedgerError, match="another run is writing there"),
    ):
        ledger.enter(Entry(target="a", source="", state="pending"))
        with earlier_entries(tmp_path, A, lock=True):
            pass


def test_ledger_without_a_plan_says_what_it_has(tmp_path: Path) -> None:
    """One of before plans were kept."""
    with Ledger(tmp_path) as ledger:
        ledger.enter(Entry(target="a", source="in/a", state="failed", error="broken"))
    assert numbers(survey(tmp_path)) == [(WHOLE, "ended", 1, 0, 1, 0)]


def test_ledger_of_a_run_that_died_at_once_is_empty(tmp_path: Path) -> None:
    (tmp_path / A.ledger_name).touch()
    run(tmp_path, B, ["b"], done=["b"])
    assert [part.state for part in survey(tmp_path)] == ["not begun", "ended", "not begun"]
    assert merge(tmp_path) == 2


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"x" * 5000), "damaged"),
        (lambda path: os.symlink("/dev/null", path), "no ledger but a link"),
        (lambda path: path.mkdir(), "no ledger but a link, folder"),
    ],
)
def test_what_is_no_ledger_is_refused_by_name(tmp_path: Path, make: Any, said: str) -> None:
    make(tmp_path / A.ledger_name)
    with pytest.raises(LedgerError, match=said) as error:
        survey(tmp_path)
    assert str(tmp_path / A.ledger_name) in str(error.value)


def test_newer_ledger_is_refused(tmp_path: Path) -> None:
    run(tmp_path, A)
    database = sqlite3.connect(tmp_path / A.ledger_name)
    database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(LedgerError, match="newer"):
        LedgerReader(tmp_path / A.ledger_name)


def test_folder_without_a_ledger_is_refused(tmp_path: Path) -> None:
    for call in (survey, merge):
        with pytest.raises(LedgerError, match="has no ledger"):
            call(tmp_path)
        with pytest.raises(LedgerError, match="cannot be read"):
            call(tmp_path / "none")


@pytest.mark.parametrize("name", ["a.png", "ä/b c.png", "a\\b.png", "a\\udce4.png", "a\udce4.png"])
def test_keys_lead_back_to_files(tmp_path: Path, name: str) -> None:
    with Ledger(tmp_path) as ledger:
        key = ledger.key(tmp_path / name)
    assert path_of(tmp_path, key) == tmp_path / name
    assert key == as_text(key)
