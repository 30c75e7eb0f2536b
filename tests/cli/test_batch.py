"""What `jcarsr batch` refuses before any worker begins; the rest is in tests/cluster."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.commands import Command

from jcarsr.cluster import ray_data
from jcarsr.cluster.sources import Item
from jcarsr.errors import JCARSRError
from jcarsr.restoring.outcome import Outcome


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["in", "-o", "in"], "--out in: results would lie among the pictures of in"),
        (["in", "-o", "out", "--workers", "0"], "--workers 0: at least 1"),
        (["in", "-o", "out", "--cpus", "0"], "--cpus 0: more than 0"),
        (["in", "-o", "out", "--gpus", "-1"], "--gpus -1: at least 0"),
        (["in", "-o", "out", "--shard", "3/2"], "--shard 3/2: I is from 1 to N"),
        (["in", "-o", "out", "--format", "bmp"], "--format bmp: not one of png"),
        (["in", "-o", "out", "--name", "{x}"], "--name {x}: only {stem}"),
        (["in/a.jpg", "-o", "out"], "in/a.jpg: a file: name its folder"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    words: list[str], message: str, call: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/a.jpg").write_bytes(b"picture")
    said = call("batch", *words)
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert said.err.startswith(f"error: {message}")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("place", "message"), [("none", "no such|cannot be read"), ("nothing://x", "cannot be opened")]
)
def test_place_without_pictures_is_one_line(
    place: str, message: str, call: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = call("batch", place, "-o", "out")
    assert said.code == 1
    assert len(said.errors) == 1
    assert re.search(message, said.errors[0])


@pytest.mark.parametrize("trouble", ["lost", "stopped"])
def test_what_is_lost_is_named_and_never_done(
    trouble: str, call: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers are stand-ins here; what they print is kept from standard output."""
    (tmp_path / "in").mkdir()
    for number in range(4):
        (tmp_path / "in" / f"{number}.jpg").write_bytes(b"picture")

    @contextmanager
    def no_cluster(options: object) -> Iterator[None]:
        yield

    def passes(targets: dict[str, str], *rest: Any) -> Iterator[Outcome]:
        print("(raylet) a worker died")
        for key in sorted(targets)[:3]:
            yield Outcome(source=key, state="done", target=Path(targets[key]))
        if trouble == "stopped":
            raise JCARSRError("the workers failed: too many")

    monkeypatch.setattr(ray_data, "cluster", no_cluster)
    monkeypatch.setattr(ray_data, "_pass", passes)
    said = call("batch", tmp_path / "in", "-o", tmp_path / "out", "--json")
    assert said.code == 1
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["state"] for row in rows][:3] == ["done"] * 3
    if trouble == "lost":
        assert (rows[3]["source"], rows[3]["state"]) == ("3.jpg", "failed")
        assert "3 restored, 1 failed, of 4" in said.err
    else:
        assert "3 restored, 1 not tried, of 4" in said.err
        assert said.errors == ["error: the workers failed: too many"]


def test_rows_of_a_lost_block_are_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a picture that kills its worker costs no other its result."""
    sizes: list[int] = []

    def passes(targets: dict[str, str], size: int, *rest: Any) -> Iterator[Outcome]:
        sizes.append(size)
        keys: Sequence[str] = list(targets)
        for start in range(0, len(keys), size):
            block = keys[start : start + size]
            if "666" not in block:
                yield from (Outcome(source=key, state="done") for key in block)

    monkeypatch.setattr(ray_data, "_pass", passes)
    items = [Item(str(number), f"{number}.png") for number in range(9000)]
    options: Any = None
    found = list(ray_data.run_items(items, options, options, None))
    assert sizes == [4, 1]
    assert len(found) == len({outcome.source for outcome in found}) == 9000
    assert [outcome.source for outcome in found if outcome.state == "failed"] == ["666"]


def test_row_without_a_key_is_named(
    call: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"id": ["a", None, "b"], "image": [b"x"] * 3})
    parquet.write_table(table, tmp_path / "t.parquet")

    @contextmanager
    def no_cluster(options: object) -> Iterator[None]:
        yield

    def passes(targets: dict[str, str], *rest: Any) -> Iterator[Outcome]:
        yield from (Outcome(source=key, state="done", target=Path(targets[key])) for key in targets)

    monkeypatch.setattr(ray_data, "cluster", no_cluster)
    monkeypatch.setattr(ray_data, "_pass", passes)
    said = call("batch", tmp_path / "t.parquet", "--key", "id", "-o", tmp_path / "out")
    assert said.code == 1
    assert "2 restored, 1 failed, of 3" in said.err
    assert said.errors == [f"error: {tmp_path / 't.parquet'}, row 1 of group 0: has no key in id"]


def test_without_ray_the_extra_is_named(
    call: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"picture")
    monkeypatch.setitem(sys.modules, "ray", None)
    said = call("batch", tmp_path / "in", "-o", tmp_path / "out")
    assert (said.code, said.errors) == (1, ["error: this needs ray: pip install 'jcarsr[ray]'"])


@pytest.mark.parametrize(("late", "starts"), [(2, 3), (9, 5)])
def test_cluster_that_starts_too_late_is_started_again(
    late: int, starts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a busy computer; a stand-in for Ray counts."""
    called = list[str]()

    def init(**how: object) -> None:
        called.append("init")
        if called.count("init") <= late:
            raise Exception("The current node timed out during startup.")

    ray = SimpleNamespace(
        init=init,
        shutdown=lambda: called.append("shutdown"),
        cluster_resources=lambda: {"CPU": 2.0},
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    fails = pytest.raises(JCARSRError, match="does not start") if late >= starts else nullcontext()
    with fails, ray_data.cluster(ray_data.ClusterOptions()):
        called.append("used")
    assert called.count("init") == starts
    assert ("used" in called) == (late < starts)
    assert called[-1] == "shutdown"
