"""A server's temporary folder: locked while the server lives, so that the next one knows."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

from jcarsr.locks import lock_file

_PREFIX = "jcarsr-serve-"
_TRIES = 10


@contextlib.contextmanager
def locked_folder() -> Generator[Path]:
    """Make a temporary folder for this user alone, which is deleted at the end.

    Raises:
        OSError: it cannot be made.
    """
    with contextlib.ExitStack() as stack:
        for _ in range(_TRIES):
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
            if stack.enter_context(_lock_folder(folder)) and folder.exists():
                break  # else a server that starts in the same moment took it for a stale one
        else:
            raise OSError("no temporary folder can be kept")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_stale() -> None:
    """Delete the folders of this user's servers that could not do so, having died of SIGKILL.

    The lock of a process that is gone is free, even if its number is used again. Folders of
    other users and links are left alone, and so is everything where folders cannot be locked.
    """
    if sys.platform == "win32":
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            about = folder.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
                continue
            with _lock_folder(folder, otherwise=False) as dead:
                if dead:
                    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _lock_folder(folder: Path, *, otherwise: bool = True) -> Generator[bool]:
    """Lock a folder; False: another one has done so; `otherwise`: folders there have no locks."""
    if sys.platform == "win32":
        yield otherwise
        return
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield False
        return
    try:
        locked = lock_file(file)
        yield otherwise if locked is None else locked
    finally:
        os.close(file)
