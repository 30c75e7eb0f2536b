"""Parts: two writers, dead owners, planted links. The rest is a process of its own."""

import errno
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from support.processes import start_holding

from jcarsr import partfile
from jcarsr.partfile import (
    PART,
    being_written,
    can_lock,
    folder_being_written,
    make_folder,
    remove_dead_parts,
    sync_file,
)

OTHER = """
import sys
from pathlib import Path
from jcarsr.partfile import being_written
with being_written(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("ready", flush=True)
    sys.stdin.read()
    file.write(b" and half")
"""


def other_process(path: Path) -> subprocess.Popen[str]:
    """Another process that is in the middle of writing `path`; it ends when its input does."""
    return start_holding(OTHER, path)


def parts(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(PART)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestFile:
    def test_file_appears_at_the_end_with_the_usual_permissions(self, tmp_path: Path) -> None:
        (tmp_path / "usual").touch()
        path = tmp_path / "deep" / "er" / "a"
        with being_written(path) as file:
            file.write(b"abc")
            assert not path.exists()
        assert path.read_bytes() == b"abc"
        assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode
        assert names(path.parent) == ["a"]

    def test_error_leaves_the_older_file(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"old")
        with pytest.raises(KeyboardInterrupt), being_written(tmp_path / "a") as file:
            file.write(b"new")
            raise KeyboardInterrupt
        assert (tmp_path / "a").read_bytes() == b"old"
        assert names(tmp_path) == ["a"]

    def test_every_file_seen_is_wholly_one_writers(self, tmp_path: Path) -> None:
        """Two threads write, a third one reads what stands there, all the time."""
        path, seen, done = tmp_path / "a", set[bytes](), threading.Event()
        whole = {letter * 200_000 for letter in (b"a", b"b")}

        def write(content: bytes) -> None:
            for _ in range(15):
                with being_written(path) as file:
                    for at in range(0, len(content), 1000):
                        file.write(content[at : at + 1000])

        def look() -> None:
            while not done.is_set():
                if path.exists():
                    seen.add(path.read_bytes())

        writers = [threading.Thread(target=write, args=(content,)) for content in whole]
        reader = threading.Thread(target=look)
        for thread in (*writers, reader):
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        reader.join()
        assert seen and seen <= whole
        assert names(tmp_path) == ["a"]

    def test_two_processes(self, tmp_path: Path) -> None:
        with other_process(tmp_path / "a") as other:
            with being_written(tmp_path / "a") as file:
                file.write(b"mine")
            assert (tmp_path / "a").read_bytes() == b"mine"
            other.communicate()
        assert other.returncode == 0
        assert (tmp_path / "a").read_bytes() == b"half and half"
        assert names(tmp_path) == ["a"]

    def test_name_that_is_there_is_not_taken(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody can foretell a name; if he could, it would be of no use."""
        (tmp_path / "precious").write_bytes(b"precious")
        (tmp_path / f".0{PART}").symlink_to("precious")
        monkeypatch.setattr(partfile.secrets, "token_hex", lambda count: "0")
        with pytest.raises(FileExistsError), being_written(tmp_path / "a"):
            pytest.fail("it was opened")
        assert (tmp_path / "precious").read_bytes() == b"precious"
        assert not (tmp_path / "a").exists()

    def test_part_that_others_put_in_its_place_is_not_published(self, tmp_path: Path) -> None:
        (tmp_path / "precious").write_bytes(b"precious")
        with pytest.raises(OSError, match="replaced by others"), being_written(tmp_path / "a"):
            (part,) = parts(tmp_path)
            part.unlink()
            part.symlink_to("precious")
        assert names(tmp_path) == ["precious"]

    def test_who_cleans_up_between_creating_and_locking_costs_a_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock, taken = partfile.lock_file, list[Path]()

        def removed_before(descriptor: int) -> bool | None:
            if not taken:
                taken.extend(parts(tmp_path))
                taken[0].unlink()
            return lock(descriptor)

        monkeypatch.setattr(partfile, "lock_file", removed_before)
        with being_written(tmp_path / "a") as file:
            file.write(b"abc")
        assert taken and (tmp_path / "a").read_bytes() == b"abc"
        monkeypatch.setattr(partfile, "lock_file", lambda descriptor: False)
        with pytest.raises(OSError, match="locked or removed"), being_written(tmp_path / "a"):
            pytest.fail("it was opened")
        assert names(tmp_path) == ["a"]


class TestFolder:
    def test_folder_appears_at_the_end_and_replaces_an_older_one(self, tmp_path: Path) -> None:
        for content in ("old", "new"):
            with folder_being_written(tmp_path / "f") as part:
                (part / content).write_text(content)
        assert names(tmp_path) == ["f"]
        assert names(tmp_path / "f") == ["new"]

    def test_two_writers_leave_one_whole_folder(self, tmp_path: Path) -> None:
        with folder_being_written(tmp_path / "f") as first:
            (first / "first").touch()
            with folder_being_written(tmp_path / "f") as second:
                (second / "second").touch()
            assert names(tmp_path / "f") == ["second"]
            (first / "first too").touch()
        assert names(tmp_path) == ["f"]
        assert names(tmp_path / "f") == ["first", "first too"]

    def test_older_one_is_there_again_after_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "f").mkdir()
        (tmp_path / "f" / "old").touch()
        rename, names_taken = Path.rename, list[str]()

        def failing(self: Path, target: Path) -> Path:
            if Path(target) == tmp_path / "f" and self.parent == tmp_path:
                names_taken.append(self.name)
                if len(names_taken) == 2:
                    raise OSError(errno.EIO, "disk error")
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", failing)
        with pytest.raises(OSError, match="disk error"), folder_being_written(tmp_path / "f"):
            pass
        assert names(tmp_path) == ["f"]
        assert names(tmp_path / "f") == ["old"]

    def test_file_in_its_place_is_left(self, tmp_path: Path) -> None:
        (tmp_path / "f").write_text("somebody's")
        with pytest.raises(OSError), folder_being_written(tmp_path / "f") as part:
            (part / "a").touch()
        assert names(tmp_path) == ["f"]


class TestDeadParts:
    def test_only_what_nobody_holds_is_removed(self, tmp_path: Path) -> None:
        dead, old = tmp_path / f".dead{PART}", tmp_path / f".folder{PART}"
        dead.touch()
        old.mkdir()
        (old / "inner").touch()
        (tmp_path / "a.png").touch()
        (tmp_path / f"mine{PART}").touch()  # no part: it is not hidden
        with other_process(tmp_path / "x") as other:
            remove_dead_parts(tmp_path)
            (living,) = (part for part in parts(tmp_path) if part.name.startswith("."))
            assert not dead.exists() and not old.exists()
            other.kill()
            other.wait()
            assert living.exists()
        remove_dead_parts(tmp_path)
        assert names(tmp_path) == ["a.png", f"mine{PART}"]

    def test_other_folders_are_left_unless_named(self, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        inner = tmp_path / "deep" / f".dead{PART}"
        inner.touch()
        remove_dead_parts(tmp_path)
        assert inner.exists()
        remove_dead_parts(tmp_path, lambda folder: folder.name == "deep")
        assert not inner.exists()

    def test_link_named_as_part_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "precious").write_bytes(b"precious")
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "precious").touch()
        (tmp_path / f".a{PART}").symlink_to("precious")
        (tmp_path / f".b{PART}").symlink_to("folder")
        os.mkfifo(tmp_path / f".c{PART}")
        remove_dead_parts(tmp_path)
        assert (tmp_path / "precious").read_bytes() == b"precious"
        assert (tmp_path / "folder" / "precious").exists()

    def test_where_nothing_can_be_locked_a_part_is_dead_after_a_day(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(partfile, "lock_file", lambda descriptor: None)
        old, new = tmp_path / f".old{PART}", tmp_path / f".new{PART}"
        for part, age in ((old, 2), (new, 0.5)):
            part.touch()
            when = time.time() - age * 86_400
            os.utime(part, (when, when))
        with being_written(tmp_path / "a") as file:
            file.write(b"abc")
            remove_dead_parts(tmp_path)
        assert names(tmp_path) == [new.name, "a"]

    def test_folder_that_is_not_there_is_none(self, tmp_path: Path) -> None:
        remove_dead_parts(tmp_path / "none")


def test_locks_work_here_and_the_question_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert can_lock(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(partfile.fcntl, "lockf", refuse)
    assert not can_lock(tmp_path)
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_file_that_may_only_be_read_is_synchronised(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch(0o444)
    sync_file(path)


def test_folder_where_a_file_stands_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError):
            make_folder(folder)
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
