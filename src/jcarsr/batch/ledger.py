"""What was restored to what: one SQLite file in the output folder that survives any crash.

A result is written under a temporary name, entered as pending with its hash, renamed, and entered
as done. Whatever moment a run is killed at, the next one can tell a finished result from none.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, TypeAlias

from jcarsr.errors import LedgerError
from jcarsr.partfile import make_folder, remove_dead_parts

FILE_NAME = "jcarsr-ledger.sqlite3"

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

    Raises:
        LedgerError: the folder cannot be written, another run uses it, or the file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME
        self._lock = threading.Lock()
        try:
            make_folder(folder)
            self._database = sqlite3.connect(
                self._path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
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
        return as_text(own.replace("\\", "\\\\"))  # so that no other name is told alike

    def _open(self) -> None:
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")  # held until the run ends or dies
        self._database.execute("BEGIN EXCLUSIVE")
        columns = ", ".join(f.name for f in fields(Entry)[1:])
        self._database.execute(
            f"CREATE TABLE IF NOT EXISTS results (target TEXT PRIMARY KEY, {columns})"
        )
        self._database.execute("COMMIT")
        self._database.execute(f"SELECT {_NAMES} FROM results LIMIT 1")

    @contextmanager
    def _errors(self) -> Generator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    raise LedgerError(f"{self._folder}: another run is writing there") from error
                if "no such column" in str(error):
                    raise LedgerError(f"{self._path}: damaged ({error}); delete it") from error
                raise LedgerError(f"{self._path}: cannot be written ({error})") from error
            except sqlite3.DatabaseError as error:
                raise LedgerError(f"{self._path}: damaged ({error}); delete it") from error


def as_text(path: str) -> str:
    """A file name as text that can be stored, whatever bytes it holds."""
    return path.encode("utf-8", "backslashreplace").decode()


_NAMES = ", ".join(f.name for f in fields(Entry))


def _entry(row: tuple[object, ...]) -> Entry:
    return Entry(**dict(zip((f.name for f in fields(Entry)), row, strict=True)))  # pyright: ignore[reportArgumentType]
