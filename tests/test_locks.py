import os
import sys
from pathlib import Path

import pytest
from support.processes import start_holding

from jcarsr import locks
from jcarsr.locks import lock_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")

OTHER = """
import os
import sys
from jcarsr.locks import lock_file
assert lock_file(os.open(sys.argv[1], os.O_RDONLY))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_lock_ends_with_its_process(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    path.mkdir() if kind == "folder" else path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    with start_holding(OTHER, path) as other:
        assert lock_file(descriptor) is False
        other.kill()
        assert lock_file(descriptor, wait=True) is True
    os.close(descriptor)


def test_where_nothing_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(file: int, how: int) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with (tmp_path / "a").open("w") as file:
        assert lock_file(file.fileno()) is None
