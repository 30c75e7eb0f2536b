"""One picture of a cluster's run, killed at every step, without a cluster."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from jcarsr import Restorer, Target
from jcarsr.batch.earlier import RECORDS
from jcarsr.cluster.store import Store, open_store
from jcarsr.cluster.task import Task
from jcarsr.cluster.worker import RestoringWorker, WorkerOptions
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import DeviceError, ImageError, StorageError
from jcarsr.pixels import Pixels
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.settings import Settings

X2 = Settings(target=Target(scale=2))
RECORD = f"{RECORDS}/d/a_x2.png.json"


@pytest.fixture
def data(photo: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo[:12, :16]).save(file, "JPEG", quality=30, dpi=(150, 150))
    return file.getvalue()


@pytest.fixture
def out() -> Store:
    return open_store(f"memory://{uuid4().hex}")


def task(
    weights: Path,
    out: Store,
    settings: Settings = X2,
    overwrite: bool = False,
    place: str = "/pictures",
) -> Task:
    networks = Networks(str(weights), EngineOptions(threads=1))
    return Task(FileRestorer(networks, settings), out, overwrite, place)


def test_result_is_that_of_restore_bytes(tiny_weights: Path, out: Store, data: bytes) -> None:
    outcome = task(tiny_weights, out).run("d/a.jpg", data, "d/a_x2.png")
    expected, _ = Restorer(str(tiny_weights), threads=1).restore_bytes(data)
    assert (outcome.state, outcome.source, outcome.size) == ("done", "d/a.jpg", (32, 24))
    assert out.read("d/a_x2.png") == expected
    assert list(out.list()) == [RECORD, "d/a_x2.png"]
    record = json.loads(out.read(RECORD))
    assert record["source"] == "/pictures/d/a.jpg"
    assert record["source_sha256"] == hashlib.sha256(data).hexdigest()
    assert record["result_sha256"] == hashlib.sha256(expected).hexdigest()


def test_again_does_nothing_unless_something_changed(
    tiny_weights: Path, out: Store, data: bytes, photo: Pixels
) -> None:
    first = task(tiny_weights, out)
    first.run("a", data, "a.png")
    before = out.read("a.png")
    assert first.run("a", data, "a.png").state == "skipped"
    other = io.BytesIO()
    Image.fromarray(photo[50:62, :16]).save(other, "PNG")
    assert first.run("a", other.getvalue(), "a.png").state == "done"
    assert out.read("a.png") != before
    settings = Settings(target=Target(scale=2), strength=0.5)
    assert task(tiny_weights, out, settings).run("a", other.getvalue(), "a.png").state == "done"
    assert task(tiny_weights, out, settings).run("a", other.getvalue(), "a.png").state == "skipped"


def test_files_of_other_origin_are_left(tiny_weights: Path, out: Store, data: bytes) -> None:
    for contents in (None, b"{}", b"no record"):
        out.write("a.png", b"mine")
        if contents is not None:
            out.write(f"{RECORDS}/a.png.json", contents)
        with pytest.raises(ImageError, match=r"a\.png exists already: overwrite=True replaces it"):
            task(tiny_weights, out).run("a", data, "a.png")
        assert out.read("a.png") == b"mine"
    assert task(tiny_weights, out, overwrite=True).run("a", data, "a.png").state == "done"


def test_edited_result_is_left(tiny_weights: Path, out: Store, data: bytes) -> None:
    task(tiny_weights, out).run("a", data, "a.png")
    out.write("a.png", b"edited")
    with pytest.raises(ImageError, match="exists already"):
        task(tiny_weights, out).run("a", data, "a.png")


def test_result_of_another_picture_is_left(
    tiny_weights: Path, out: Store, data: bytes, photo: Pixels
) -> None:
    other = io.BytesIO()
    Image.fromarray(photo[50:62, :16]).save(other, "PNG")
    task(tiny_weights, out).run("a", data, "a.png")
    before = out.read("a.png")
    elsewhere = task(tiny_weights, out, place="s3://album")
    message = r"^its result a\.png is that of /pictures/a: change --name or --out, or --overwrite "
    with pytest.raises(ImageError, match=message):
        elsewhere.run("a", other.getvalue(), "a.png")
    assert out.read("a.png") == before
    replacing = task(tiny_weights, out, overwrite=True, place="s3://album")
    assert replacing.run("a", other.getvalue(), "a.png").state == "done"


def test_a_picture_that_was_moved_may_be_changed(
    tiny_weights: Path, out: Store, data: bytes, photo: Pixels
) -> None:
    task(tiny_weights, out).run("a", data, "a.png")
    elsewhere = task(tiny_weights, out, place="s3://album")
    assert elsewhere.run("a", data, "a.png").state == "skipped"
    other = io.BytesIO()
    Image.fromarray(photo[50:62, :16]).save(other, "PNG")
    assert elsewhere.run("a", other.getvalue(), "a.png").state == "done"


@pytest.mark.parametrize("came", [b"mine", None])
def test_what_came_while_the_network_ran_is_left(
    tiny_weights: Path,
    out: Store,
    data: bytes,
    monkeypatch: pytest.MonkeyPatch,
    came: bytes | None,
) -> None:
    """Unless it is the same: another worker was given the same picture and was quicker."""
    own = task(tiny_weights, out)
    run = FileRestorer.run_bytes

    def slow(self: FileRestorer, *arguments: Any) -> Any:
        result = run(self, *arguments)
        out.write("a.png", came or result[0])
        return result

    monkeypatch.setattr(FileRestorer, "run_bytes", slow)
    if came is None:
        assert own.run("a", data, "a.png").state == "done"
        return
    with pytest.raises(ImageError, match=r"a\.png came to be there meanwhile"):
        own.run("a", data, "a.png")
    assert dict(out.list()) == {"a.png": len(came)}


def test_record_of_an_earlier_version_names_no_picture(
    tiny_weights: Path, out: Store, data: bytes, photo: Pixels
) -> None:
    task(tiny_weights, out).run("a", data, "a.png")
    record = json.loads(out.read(f"{RECORDS}/a.png.json"))
    del record["source"]
    out.write(f"{RECORDS}/a.png.json", json.dumps(record).encode())
    other = io.BytesIO()
    Image.fromarray(photo[50:62, :16]).save(other, "PNG")
    elsewhere = task(tiny_weights, out, place="s3://album")
    assert elsewhere.run("a", other.getvalue(), "a.png").state == "done"
    record = json.loads(out.read(f"{RECORDS}/a.png.json"))
    del record["source"]
    out.write(f"{RECORDS}/a.png.json", json.dumps(record).encode())
    assert elsewhere.run("a", other.getvalue(), "a.png").state == "skipped"
    assert json.loads(out.read(f"{RECORDS}/a.png.json"))["source"] == "s3://album/a"


class Dies(BaseException):
    """The process is killed."""


class DyingStore:
    """A store whose process is killed before a write of some number."""

    def __init__(self, inner: Store, writes: int) -> None:
        self._inner, self._left = inner, writes
        self.read, self.find, self.list = inner.read, inner.find, inner.list

    def write(self, key: str, data: bytes) -> None:
        if not self._left:
            raise Dies
        self._left -= 1
        self._inner.write(key, data)


@pytest.mark.parametrize("writes", [0, 1])
@pytest.mark.parametrize("replacing", [False, True])
def test_killed_between_any_two_writes_nothing_is_lost(
    writes: int, replacing: bool, tiny_weights: Path, out: Store, data: bytes
) -> None:
    old = Settings(target=Target(scale=2), strength=0.5)
    if replacing:
        task(tiny_weights, out, old).run("a", data, "a.png")
    before = out.find("a.png")
    with pytest.raises(Dies):
        task(tiny_weights, DyingStore(out, writes)).run("a", data, "a.png")
    assert out.find("a.png") == before  # as it was: never half
    assert task(tiny_weights, out).run("a", data, "a.png").state == "done"
    assert task(tiny_weights, out).run("a", data, "a.png").state == "skipped"
    expected, _ = Restorer(str(tiny_weights), threads=1).restore_bytes(data)
    assert out.read("a.png") == expected


def test_broken_picture_costs_its_row_alone(
    tiny_weights: Path, tmp_path: Path, data: bytes
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name, content in (("a.jpg", data), ("b.jpg", b"no picture"), ("c.jpg", data)):
        (source / name).write_bytes(content)
    options = WorkerOptions(
        settings=X2,
        out=str(out),
        source=str(source),
        weights=str(tiny_weights),
        engine=EngineOptions(threads=1),
    )
    keys = ["a.jpg", "b.jpg", "gone.jpg", "c.jpg"]
    rows = {"key": keys, "target": [f"{key}.png" for key in keys]}
    with RestoringWorker(options) as worker:
        outcomes = worker.restore(rows)
    assert [outcome.state for outcome in outcomes] == ["done", "failed", "failed", "done"]
    assert outcomes[1].error == "not a picture that can be read"
    assert outcomes[2].error == "no such file"
    assert (out / "a.jpg.png").read_bytes() == (out / "c.jpg.png").read_bytes()


@pytest.mark.parametrize("error", [DeviceError("CUDA error"), StorageError("disk full")])
def test_what_is_no_pictures_fault_costs_none(
    tiny_weights: Path,
    tmp_path: Path,
    data: bytes,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(FileRestorer, "run_bytes", fail)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(data)
    options = WorkerOptions(
        settings=X2,
        source=str(tmp_path / "in"),
        out=str(tmp_path / "out"),
        weights=str(tiny_weights),
        engine=EngineOptions(threads=1),
    )
    with RestoringWorker(options) as worker, pytest.raises(type(error)):
        worker.restore({"key": ["a.jpg"], "target": ["a_x2.png"]})
