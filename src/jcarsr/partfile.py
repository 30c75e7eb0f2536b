"""Files and folders that get their name when they are complete, also where the power fails.

A part is what is being written. Its name is random and it is created anew, so that two runs never
write into one file and a link that somebody planted is never followed. Its owner holds a lock on it
while it lives: a part without one was left by a run that was killed, and may be removed.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from jcarsr.locks import lock_file

if sys.platform != "win32":
    import fcntl

PART = ".jcarsr-part"
"""How the name of a file or folder ends while it is being written."""

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_OLD = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_PLAIN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_TRIES = 10  # names for a part, if those who clean up come in between
_STALE = 86_400  # seconds after which a part counts as left where files cannot be locked
_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST})
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF, errno.EISDIR})


@contextmanager
def being_written(
    path: Path, before_rename: Callable[[Path], None] = lambda part: None
) -> Generator[IO[bytes]]:
    """A file to write to, which becomes `path` at the end and is removed after an error.

    The order of the steps is what a loss of power asks for: the bytes are on disk before the file
    gets its name, and the name is on disk when this returns.

    Args:
        path: replaced if it exists, a link itself and not what it leads to; its folder is made.
        before_rename: called with the part when its bytes are on disk.

    Raises:
        OSError: it cannot be written.
    """
    make_folder(path.parent)
    part, descriptor = _create(path.parent)
    try:
        with open(part, "w+b", opener=lambda name, flags: descriptor) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not os.path.samestat(os.fstat(file.fileno()), part.lstat()):
                raise OSError(errno.ESTALE, "replaced by others while it was written")
            before_rename(part)
            if sys.platform != "win32":  # there an open file cannot be renamed
                part.replace(path)
        if sys.platform == "win32":
            part.replace(path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def folder_being_written(path: Path) -> Generator[Path]:
    """A folder to write files to, which becomes `path` at the end and is removed after an error.

    Its files are synchronised before it gets its name. A folder that is there is replaced: there is
    a moment without any, in which both are there under other names.

    Raises:
        OSError: it cannot be written.
    """
    with scratch_folder(path.parent) as part:
        yield part
        for file in sorted(part.rglob("*")):
            sync_folder(file) if file.is_dir() else sync_file(file)
        sync_folder(part)
        _replace_folder(part, path)
        sync_folder(path.parent)


@contextmanager
def scratch_folder(parent: Path) -> Generator[Path]:
    """A new folder in `parent`, on the same disk, which is removed at the end.

    Raises:
        OSError: it cannot be made.
    """
    make_folder(parent)
    part = _new_name(parent)
    part.mkdir()
    descriptor = None
    try:
        if sys.platform != "win32":
            descriptor = os.open(part, os.O_RDONLY | _PLAIN)
            lock_file(descriptor)
        yield part
    finally:
        if descriptor is not None:
            os.close(descriptor)
        shutil.rmtree(part, ignore_errors=True)


def remove_dead_parts(folder: Path, inside: Callable[[Path], bool] = lambda inner: False) -> None:
    """Remove the parts that runs left in a folder when they were killed.

    A part that a living run holds is left, so is one of which that cannot be known: where files
    cannot be locked it stays for a day.

    Args:
        folder: searched; what cannot be removed is left without an error.
        inside: whether a folder in it, given by its path, is searched as well.
    """
    for top, folders, files in os.walk(folder):
        for name in (*files, *folders):
            if name.startswith(".") and name.endswith(PART):
                _remove_if_dead(Path(top, name))
        folders[:] = [
            name for name in folders if not name.endswith(PART) and inside(Path(top, name))
        ]


def can_lock(folder: Path) -> bool:
    """Whether files in a folder can be locked as SQLite does it; some network shares refuse it.

    Raises:
        OSError: no file can be created there.
    """
    if sys.platform == "win32":
        return True
    part, descriptor = _create(folder)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # though no other knows this file
        return False
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)
    return True


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; their names are on disk when this returns.

    Raises:
        OSError: it cannot be made.
    """
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    if not missing:  # fails as it should where a file stands in the folder's place
        folder.mkdir(exist_ok=True)
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
        sync_folder(new.parent)


def sync_file(path: Path) -> None:
    """Wait until a file's bytes are on disk.

    Raises:
        OSError: they do not get there.
    """
    if sys.platform != "win32":  # what is read-only is synchronised, too
        descriptor = os.open(path, os.O_RDONLY | _PLAIN)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on disk, where the system can do that.

    Raises:
        OSError: they do not get there.
    """
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | _PLAIN)
    except PermissionError:  # it may be written to, but not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def _create(folder: Path) -> tuple[Path, int]:
    """A new part and the descriptor that holds its lock."""
    for _ in range(_TRIES):
        part = _new_name(folder)
        descriptor = os.open(part, _NEW | _PLAIN, 0o666)
        if lock_file(descriptor) is not False and part.exists():
            return part, descriptor
        os.close(descriptor)  # who cleans up came between creating and locking
        part.unlink(missing_ok=True)
    raise OSError(errno.EAGAIN, "new files are locked or removed by others")


def _new_name(folder: Path) -> Path:
    return folder / f".{secrets.token_hex(16)}{PART}"


def _remove_if_dead(part: Path) -> None:
    with suppress(OSError):
        if sys.platform == "win32":  # an open file cannot be removed there
            part.unlink()
            return
        try:  # some network shares lock only what may be written to
            descriptor = os.open(part, os.O_RDWR | _OLD | _PLAIN)
        except IsADirectoryError:
            descriptor = os.open(part, os.O_RDONLY | _OLD | _PLAIN)
        try:
            about = os.fstat(descriptor)
            locked = lock_file(descriptor)
            if locked or (locked is None and time.time() - about.st_mtime > _STALE):
                if stat.S_ISDIR(about.st_mode):
                    shutil.rmtree(part)
                elif stat.S_ISREG(about.st_mode):
                    part.unlink()
        finally:
            os.close(descriptor)


def _replace_folder(part: Path, path: Path) -> None:
    """Rename a folder to `path`; what stands there goes away under another name first.

    Where the second rename fails, what stood there has its name again.
    """
    while True:
        try:
            part.rename(path)
            return
        except OSError as error:
            if error.errno not in _TAKEN or not path.is_dir():
                raise
        with scratch_folder(path.parent) as away:
            old = away / path.name
            with suppress(FileNotFoundError):  # another run was quicker
                path.rename(old)
            try:
                part.rename(path)
                return
            except OSError as error:
                if error.errno not in _TAKEN:
                    with suppress(OSError):
                        old.rename(path)
                    raise
