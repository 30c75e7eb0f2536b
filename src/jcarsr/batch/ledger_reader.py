"""One ledger, only read: that of a run that has ended."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from jcarsr.batch.entries import NAMES, OURS, VERSION, Entry, Planned, connect, entry_of
from jcarsr.batch.shard import Shard
from jcarsr.errors import LedgerError


class RunningError(LedgerError):
    """A run is writing a ledger."""


class LedgerReader:
    """A ledger that is only read; a context.

    Args:
        path: of the ledger.
        lock: as for `Ledger`.

    Raises:
        RunningError: a run is writing it.
        LedgerError: it cannot be read.
    """

    def __init__(self, path: Path, *, lock: bool = True) -> None:
        self._path = path
        try:
            mode = path.lstat().st_mode
        except OSError as error:
            raise LedgerError(f"{path}: cannot be read ({error.strerror or error})") from error
        if not stat.S_ISREG(mode):
            raise LedgerError(f"{path}: no ledger but a link, folder or device")
        with self._errors():
            self._database = connect(path, lock=lock)
        try:
            with self._errors():
                self._check()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> LedgerReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self._database.close()

    def find(self, key: str) -> Entry | None:
        """Return the entry of a result, None if there is none."""
        if self._empty:
            return None
        query = f"SELECT {NAMES} FROM results WHERE target = ?"
        with self._errors():
            row = self._database.execute(query, (key,)).fetchone()
        return None if row is None else entry_of(row)

    def runs(self) -> dict[Shard, float]:
        """Return the last runs and when they began, in seconds of the epoch."""
        if not self._has("runs"):
            return {}
        with self._errors():
            rows = self._database.execute("SELECT shard, shards, begun FROM runs").fetchall()
        return {Shard(number, of): begun for number, of, begun in rows}

    def plan(self) -> Iterator[tuple[int, Planned, bool, Entry | None]]:
        """Return what the last runs were to do.

        Yields:
            shard, input, whether the run has come to it, and the entry of its result. A ledger
            that was written before this was kept says that the run has come to all; one from
            before there were plans, what it has results of.
        """
        if self._empty:
            return
        names = ", ".join(f"r.{name.strip()}" for name in NAMES.split(","))
        query = f"SELECT 1, r.source, r.target, NULL, 1, {names} FROM results r"
        if self._has("plan"):
            query = (
                f"SELECT p.shard, p.source, p.target, p.reason, {self._met()}, {names} "
                "FROM plan p LEFT JOIN results r ON r.target = p.target ORDER BY p.rowid"
            )
        with self._errors():
            for number, source, target, reason, met, *row in self._database.execute(query):
                entry = None if row[0] is None else entry_of(tuple(row))
                yield number, Planned(source, target, reason), met != 0, entry

    def _met(self) -> str:
        """The column that says what the run has come to, or what stands for it."""
        with self._errors():
            columns = [row[1] for row in self._database.execute("PRAGMA table_info(plan)")]
        return "p.met" if "met" in columns else "1"

    def _has(self, table: str) -> bool:
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        with self._errors():
            return self._database.execute(query, (table,)).fetchone() is not None

    def _check(self) -> None:
        ((application,),) = self._database.execute("PRAGMA application_id")
        ((version,),) = self._database.execute("PRAGMA user_version")
        ((tables,),) = self._database.execute("SELECT count(*) FROM sqlite_master")
        self._empty = not tables  # a run was killed before it made any
        if tables:
            self._database.execute(f"SELECT {NAMES} FROM results LIMIT 1").fetchone()
        if application not in (0, OURS):
            raise LedgerError(f"{self._path}: another program's database")
        if version > VERSION:
            raise LedgerError(f"{self._path}: written by a newer jcarsr: update jcarsr")

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise RunningError(f"{self._path}: another run is writing there") from error
            raise LedgerError(f"{self._path}: cannot be read ({error})") from error
        except sqlite3.DatabaseError as error:
            raise LedgerError(f"{self._path}: damaged ({error})") from error
