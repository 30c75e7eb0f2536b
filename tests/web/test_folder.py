import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from jcarsr import locks
from jcarsr.web.folder import locked_folder, remove_stale

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no such locks")
OTHER = """
import time
from jcarsr.web.folder import locked_folder
with locked_folder() as folder:
    (folder / "upload").write_text("private")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_for_this_user_alone_and_deleted_at_the_end(temporary: Path) -> None:
    with locked_folder() as folder:
        assert folder.parent == temporary
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "inner").mkdir()
        (folder / "inner" / "file").write_text("a")
        remove_stale()
        assert (folder / "inner" / "file").exists()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_of_a_process_that_died(temporary: Path, number: int) -> None:
    environment = os.environ | {"TMPDIR": str(temporary)}
    command = [sys.executable, "-c", OTHER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        remove_stale()
        assert (folder / "upload").read_text() == "private"  # it lives
        process.send_signal(number)
        process.wait()
    assert folder.exists()
    remove_stale()
    assert list(temporary.iterdir()) == []


def test_what_is_not_ours_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = temporary / "elsewhere"
    target.mkdir()
    (target / "precious").write_text("a")
    (temporary / "jcarsr-serve-link").symlink_to(target)
    (temporary / "jcarsr-serve-file").write_text("a")
    (temporary / "another-program").mkdir()
    remove_stale()
    names = {"elsewhere", "jcarsr-serve-link", "jcarsr-serve-file", "another-program"}
    assert {path.name for path in temporary.iterdir()} == names
    assert (target / "precious").exists()
    (temporary / "jcarsr-serve-other").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    remove_stale()
    assert (temporary / "jcarsr-serve-other").exists()


def test_one_that_is_taken_for_stale_while_it_is_made(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its making and its lock; another one is made."""
    make, taken = tempfile.mkdtemp, []

    def mkdtemp(**said: str) -> str:
        made = make(**said)
        if len(taken) < 3:
            taken.append(made)
            remove_stale()
            assert not Path(made).exists()
        return made

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    with locked_folder() as folder:
        assert folder.exists()
        assert len(taken) == 3


def test_where_folders_have_no_locks(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(file: int, how: int) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with locked_folder() as folder:
        remove_stale()
        assert folder.exists()
    assert list(temporary.iterdir()) == []


def test_no_folder_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(FileNotFoundError), locked_folder():
        pass
