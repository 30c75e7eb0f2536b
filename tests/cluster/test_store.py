from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from jcarsr.cluster.store import Store, check_places, folder_of, is_url, open_store
from jcarsr.errors import ImageError, StorageError
from jcarsr.partfile import PART, being_written

STORES: list[Callable[[Path], str]] = [
    lambda folder: str(folder / "store"),
    lambda folder: f"memory://{uuid4().hex}/store",
    lambda folder: f"local://{folder}/url",
]


@pytest.fixture(params=STORES, ids=["folder", "memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return open_store(request.param(tmp_path))


def test_what_is_written_is_read_and_listed(store: Store) -> None:
    files = {"b.bin": b"\0\xff" * 99, "a.txt": b"", "deep/er/ä b.png": b"x"}
    for key, data in files.items():
        store.write(key, data)
    assert {key: store.find(key) for key in files} == files
    assert store.list() == {key: len(data) for key, data in sorted(files.items())}
    assert list(store.list()) == sorted(files)
    store.write("b.bin", b"new")
    assert store.read("b.bin") == b"new"


def test_folder_that_comes_into_being_during_a_listing_is_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As s3fs answers where the first file below the root appears between its two requests."""
    store = open_store(f"memory://{uuid4().hex}/store")

    def find(self: MemoryFileSystem, path: str, **asked: object) -> dict[str, dict[str, object]]:
        return {path: {"name": path, "size": 0, "type": "directory"}}

    monkeypatch.setattr(MemoryFileSystem, "find", find)
    assert store.list() == {}


def test_missing_file_is_none_or_an_error(store: Store) -> None:
    store.write("a", b"a")
    assert store.find("b") is None
    assert store.find("deep/b") is None
    with pytest.raises(ImageError, match=r"^no such file$"):
        store.read("deep/b")


def test_another_process_sees_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("store")
    monkeypatch.chdir("/")  # workers have another current folder
    store.write("a", b"a")
    assert (tmp_path / "store" / "a").read_bytes() == b"a"


def test_url_of_a_folder_is_a_folder(tmp_path: Path) -> None:
    assert open_store(f"file://{tmp_path}/a") == open_store(str(tmp_path / "a"))


def test_unknown_kinds_are_refused_in_one_line() -> None:
    assert is_url("s3://bucket/a")
    assert not is_url("folder/a")
    assert not is_url("C:/folder")
    with pytest.raises(StorageError, match=r"^nothing://x: cannot be opened") as error:
        open_store("nothing://x")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "out"),
    [("in", "in"), ("in", "./in/"), ("s3://b/in", "s3://b/in/out"), ("s3://b/in", "s3://b/in/")],
)
def test_results_among_the_pictures_are_refused(source: str, out: str) -> None:
    with pytest.raises(ValueError, match="among the pictures"):
        check_places(source, out)


@pytest.mark.parametrize(
    ("source", "out"), [("in", "out"), ("s3://b/in", "s3://b/in2"), ("in", "s3://b/out")]
)
def test_other_places_are_taken(source: str, out: str) -> None:
    check_places(source, out)


def test_folder_is_the_same_as_its_url(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    folder, url = str(tmp_path / "album"), f"file://{tmp_path}/x/../album/"
    for source, out in ((folder, url), (url, folder), (url, f"local://{folder}")):
        with pytest.raises(ValueError, match="results would lie among the pictures of"):
            check_places(source, out)
        check_places(source, f"{out}2")
        check_places(source, f"{out.rstrip('/')}/restored")
    assert folder_of(f"file://{folder}") == folder_of(folder) == tmp_path / "album"
    assert folder_of("s3://album") is None


def test_file_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ValueError, match="a file: name its folder"):
        check_places(str(tmp_path / "a.jpg"), "out")


def test_what_killed_runs_left_half_is_removed_from_a_folder(tmp_path: Path) -> None:
    dead, other = tmp_path / "deep" / f".dead{PART}", tmp_path / "deep" / ".other"
    dead.parent.mkdir()
    dead.touch()
    other.touch()
    with being_written(tmp_path / "deep" / "living.png") as file:
        open_store(str(tmp_path)).check()
        file.write(b"x")
    assert sorted(path.name for path in dead.parent.iterdir()) == [".other", "living.png"]
    open_store(str(tmp_path / "none")).check()
