"""What was restored to what: one SQLite file in the output folder that survives any crash.

A result is written under a temporary name, entered as pending with its hash, renamed, and entered
as done. At any moment a run is killed, the next one knows finished results from unfinished ones.
"""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, TypeAlias

from jcarsr.errors import LedgerError
from jcarsr.partfile import can_lock, make_folder, remove_dead_parts

FILE_NAME = "jcarsr-ledger.sqlite3"

VERSION = 1
"""Of the tables, as `PRAGMA user_version`; 0 = written before there were versions, the same."""

_OURS = 0x6A634152  # "jcAR", as `PRAGMA application_id`
_BESIDE = ("", "-journal", "-wal", "-shm")  # endings of the files that SQLite opens

State: TypeAlias = Literal["pending", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    target: str  # relative to the output folder
    source: str
    state: State
    source_sha256: str | None = None
    settings: str | None = None  # JSON
    weights_sha256: str | None = None
    result_sha256: str | None = None
    previous_sha256: str | None = None  # of the earlier result that this one replaces
    scale: int | None = None  # of the network
    tile: int | None = None
    full_precision_tiles: int | None = None
    seconds: float | None = None
    error: str | None = None


class Ledger:
    """The ledger of one output folder, for one run at a time; may be used from several threads.

    Args:
        folder: of the results; it is made.
        lock: lock the file, so that a second run is refused; False for network shares that cannot
            lock files, where the user must see to it.

    Raises:
        LedgerError: the folder cannot be written, another run uses it, or the file is damaged,
            of a newer version, a link, or cannot be locked.
    """

    def __init__(self, folder: Path, *, lock: bool = True) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME
        self._lock = threading.Lock()
        try:
            make_folder(folder)
            self._refuse_links()
            self._database = _connect(self._path, lock=lock)
        except OSError as error:
            reason = error.strerror or error
            raise LedgerError(f"{folder}: cannot be written ({reason})") from error
        except sqlite3.Error as error:
            raise LedgerError(f"{folder}: cannot be written ({error})") from error
        try:
            with self._errors():
                self._open()
            remove_dead_parts(folder, lambda inner: not (inner / FILE_NAME).exists())
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exc: object) -> None:
        self._database.close()

    def find(self, target: Path) -> Entry | None:
        """The entry of a result, None if there is none."""
        query = f"SELECT {_NAMES} FROM results WHERE target = ?"
        with self._errors():
            row = self._database.execute(query, (self.key(target),)).fetchone()
        return None if row is None else _entry(row)

    def enter(self, entry: Entry) -> None:
        """Write an entry, in place of the target's older one; on disk when this returns."""
        marks = ", ".join("?" for _ in fields(Entry))
        with self._errors():
            self._database.execute(
                f"INSERT OR REPLACE INTO results ({_NAMES}) VALUES ({marks})", astuple(entry)
            )

    def entries(self) -> list[Entry]:
        """All entries in the order of their targets."""
        with self._errors():
            rows = self._database.execute(f"SELECT {_NAMES} FROM results ORDER BY target")
            return [_entry(row) for row in rows]

    def key(self, target: Path) -> str:
        """How the ledger names a result."""
        own = target.relative_to(self._folder).as_posix()
        return as_text(own.replace("\\", "\\\\"))  # so that no other name is written alike

    def _open(self) -> None:
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")  # held until the run ends or dies
        run("PRAGMA synchronous = EXTRA")  # an entry is on disk when it is entered
        run("BEGIN EXCLUSIVE")
        self._refuse_links()  # of which one was put there meanwhile
        ((version,),) = run("PRAGMA user_version")
        ((application,),) = run("PRAGMA application_id")
        if application not in (0, _OURS):
            raise LedgerError(f"{self._path}: another program's database: choose another folder")
        if version > VERSION:
            raise LedgerError(
                f"{self._path}: written by a newer jcarsr (ledger version {version}, this one "
                f"knows {VERSION}): update jcarsr or choose another folder"
            )
        columns = ", ".join(f.name for f in fields(Entry)[1:])
        run(f"CREATE TABLE IF NOT EXISTS results (target TEXT PRIMARY KEY, {columns})")
        run(f"SELECT {_NAMES} FROM results LIMIT 1")
        if (version, application) != (VERSION, _OURS):
            run(f"PRAGMA user_version = {VERSION}")
            run(f"PRAGMA application_id = {_OURS}")
        run("COMMIT")

    def _refuse_links(self) -> None:
        """Raise a LedgerError if the database or a file of its journal is no plain file."""
        for ending in _BESIDE:
            path = self._path.with_name(FILE_NAME + ending)
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue
            if stat.S_ISLNK(mode):
                raise LedgerError(f"{path}: a link, which is not followed: remove it")
            if not stat.S_ISREG(mode):
                raise LedgerError(f"{path}: cannot be written (not a file)")

    @contextmanager
    def _errors(self) -> Generator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                if "no such column" in str(error):
                    raise self._damage_error(error) from error
                raise LedgerError(self._why(error)) from error
            except sqlite3.DatabaseError as error:
                raise self._damage_error(error) from error

    def _damage_error(self, error: sqlite3.Error) -> LedgerError:
        return LedgerError(
            f"{self._path}: damaged ({error}): remove it, then --adopt enters the results that "
            "are there"
        )

    def _why(self, error: sqlite3.Error) -> str:
        """What an error of SQLite comes from: a share without locks, another program, or a run."""
        try:
            if not can_lock(self._folder):
                return (
                    f"{self._folder}: files cannot be locked there, as on some network shares: "
                    "restore into a local folder and copy it, or see to it that no other run "
                    "writes there and give --no-lock"
                )
        except OSError as other:
            return f"{self._folder}: cannot be written ({other.strerror or other})"
        if "locked" not in str(error):
            return f"{self._path}: cannot be written ({error})"
        self._database.close()  # which may keep others from reading, though it was refused
        if _can_read(self._path):  # which a run that holds it allows to no other
            return (
                f"{self._path}: open in another program, such as a database browser: close it "
                "there and run again"
            )
        return f"{self._folder}: another run is writing there"


def _connect(path: Path, *, lock: bool) -> sqlite3.Connection:
    """A connection that never waits for a lock."""
    where = f"{path.absolute().as_uri()}{'' if lock else '?nolock=1'}"
    return sqlite3.connect(
        where, uri=True, timeout=0, isolation_level=None, check_same_thread=False
    )


def _can_read(path: Path) -> bool:
    """Whether a database can be read at this moment."""
    try:
        database = _connect(path, lock=True)
    except sqlite3.Error:
        return False
    try:
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        return False
    finally:
        database.close()
    return True


def as_text(path: str) -> str:
    """Return a file name as text that can be stored, with any bytes in it."""
    return path.encode("utf-8", "backslashreplace").decode()


_NAMES = ", ".join(f.name for f in fields(Entry))


def _entry(row: tuple[object, ...]) -> Entry:
    return Entry(**dict(zip((f.name for f in fields(Entry)), row, strict=True)))  # pyright: ignore[reportArgumentType]
