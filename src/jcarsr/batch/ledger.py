"""What was restored to what: one SQLite file in the output folder that survives any crash.

A result is written under a temporary name, entered as pending with its hash, renamed, and entered
as done. At any moment a run is killed, the next one knows finished results from unfinished ones.
It also keeps what the last run was to do, so that what is missing can be named.
"""

from __future__ import annotations

import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import astuple, fields
from pathlib import Path

from jcarsr.batch.entries import NAMES, OURS, can_read, connect, entry_of, key_of, uri_of
from jcarsr.batch.entries import VERSION as VERSION
from jcarsr.batch.entries import Entry as Entry
from jcarsr.batch.entries import Planned as Planned
from jcarsr.batch.entries import as_text as as_text
from jcarsr.batch.shard import FILE_NAME as FILE_NAME
from jcarsr.batch.shard import WHOLE, Shard, has_ledger
from jcarsr.errors import LedgerError
from jcarsr.partfile import can_lock, make_folder, remove_dead_parts

_RESULTS = "CREATE TABLE IF NOT EXISTS {name}results (target TEXT PRIMARY KEY, {columns})"
_PLAN = """
CREATE TABLE IF NOT EXISTS {name}plan
    (shard INTEGER, source TEXT, target TEXT, reason TEXT, met INTEGER);
CREATE TABLE IF NOT EXISTS {name}runs (shard INTEGER, shards INTEGER, begun REAL)
"""  # of the last run, or of the last runs of several shards
_MOST_MET = 1_000  # results that stay as they are, until they are written down as met
_BESIDE = ("", "-journal", "-wal", "-shm")  # endings of the files that SQLite opens


class Ledger:
    """The ledger of one output folder, for one run at a time; may be used from several threads.

    Args:
        folder: of the results; it is made.
        shard: whose ledger it is; every shard has a file of its own.
        earlier: finds what an earlier run, whose ledger is another file, entered of a target.
        lock: lock the file, so that a second run is refused; False for network shares that cannot
            lock files, where the user must see to it.

    Raises:
        LedgerError: the folder cannot be written, another run uses it, or the file is damaged,
            of a newer version, a link, or cannot be locked.
    """

    def __init__(
        self,
        folder: Path,
        *,
        lock: bool = True,
        shard: Shard = WHOLE,
        earlier: Callable[[str], Entry | None] = lambda key: None,
    ) -> None:
        self._folder, self._shard, self._earlier = folder, shard, earlier
        self._path = folder / shard.ledger_name
        self._met: list[str] | None = None
        self._lock = threading.Lock()
        try:
            make_folder(folder)
            self._refuse_links()
            self._database = connect(self._path, lock=lock)
        except OSError as error:
            reason = error.strerror or error
            raise LedgerError(f"{folder}: cannot be written ({reason})") from error
        except sqlite3.Error as error:
            raise LedgerError(self._why_not_opened(error)) from error
        try:
            self._locks = lock
            with self._errors():
                self._open()
            remove_dead_parts(folder, lambda inner: not _is_other_runs(inner))
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(LedgerError):  # they count as results that the run did not come to
            if self._met:
                with self._errors(), self._transaction():
                    self._write_met()
        self._database.close()

    def find(self, target: Path) -> Entry | None:
        """The entry of a result, None if there is none."""
        query = f"SELECT {NAMES} FROM results WHERE target = ?"
        key = self.key(target)
        with self._errors():
            row = self._database.execute(query, (key,)).fetchone()
        return self._earlier(key) if row is None else entry_of(row)

    def begin(self, planned: Iterable[Planned]) -> None:
        """Write what this run is to do, in place of what the last one was."""
        number = self._shard.number
        rows = ((number, one.source, one.target, one.reason, 0) for one in planned)
        with self._errors(), self._transaction():
            run = self._database.execute
            for table in ("plan", "runs"):
                run(f"DROP TABLE IF EXISTS {table}")
            self._make_plan("")
            self._database.executemany("INSERT INTO plan VALUES (?, ?, ?, ?, ?)", rows)
            run("CREATE INDEX plan_target ON plan (target)")
            run("INSERT INTO runs VALUES (?, ?, ?)", (number, self._shard.of, time.time()))
        self._met = []

    def meet(self, target: Path) -> None:
        """Note that this run has come to a result and leaves it as it is.

        On disk with the next entry, or at the end: of a run that is killed before, `survey` says
        that it did not come to it.
        """
        with self._errors():
            if self._met is None:
                return
            self._met.append(self.key(target))
            if len(self._met) >= _MOST_MET:
                with self._transaction():
                    self._write_met()

    def refuse(self, planned: Planned, reason: str) -> None:
        """Write of an input of this run that it gets no result, and why."""
        query = "UPDATE plan SET target = NULL, reason = ? WHERE source = ? AND target = ?"
        with self._errors():
            self._database.execute(query, (reason, planned.source, planned.target))

    def forget_plan(self) -> None:
        """Remove what the last runs were to do; their results stay."""
        with self._errors():
            for table in ("plan", "runs"):
                self._database.execute(f"DROP TABLE IF EXISTS {table}")

    def take_in(self, path: Path, *, plan: bool) -> None:
        """Copy what another ledger of the folder has, on disk when this returns.

        A result of which both know is as the other says, unless that only says that it failed.

        Args:
            path: of the other ledger, which is locked meanwhile.
            plan: what its run was to do is copied, too.

        Raises:
            LedgerError: it cannot be read, or another run uses it.
        """
        with self._errors():
            run = self._database.execute
            run("ATTACH ? AS other", (uri_of(path, lock=self._locks),))
            try:
                try:
                    run("BEGIN EXCLUSIVE")
                except sqlite3.OperationalError as error:
                    raise LedgerError(f"{path}: another run is writing there") from error
                run(_results_table("other."))
                run(
                    f"INSERT OR REPLACE INTO results ({NAMES}) SELECT {NAMES} FROM other.results o "
                    "WHERE o.result_sha256 IS NOT NULL OR NOT EXISTS (SELECT 1 FROM main.results "
                    "r WHERE r.target = o.target AND r.result_sha256 IS NOT NULL)"
                )
                for name in ("", "other."):
                    self._make_plan(name)
                if plan:
                    for table in ("plan", "runs"):
                        shards = "SELECT shard FROM other.runs"
                        run(f"DELETE FROM main.{table} WHERE shard IN ({shards})")
                        run(f"INSERT INTO main.{table} SELECT * FROM other.{table}")
                run("COMMIT")
            finally:
                if self._database.in_transaction:
                    run("ROLLBACK")
                run("DETACH other")

    def enter(self, entry: Entry) -> None:
        """Write an entry, in place of the target's older one; on disk when this returns."""
        marks = ", ".join("?" for _ in fields(Entry))
        with self._errors(), self._transaction():
            self._database.execute(
                f"INSERT OR REPLACE INTO results ({NAMES}) VALUES ({marks})", astuple(entry)
            )
            if self._met is not None:
                self._met.append(entry.target)
            self._write_met()

    def forget(self, target: Path) -> None:
        """Remove a result's entry."""
        with self._errors():
            self._database.execute("DELETE FROM results WHERE target = ?", (self.key(target),))

    def entries(self) -> list[Entry]:
        """All entries in the order of their targets."""
        with self._errors():
            rows = self._database.execute(f"SELECT {NAMES} FROM results ORDER BY target")
            return [entry_of(row) for row in rows]

    def key(self, target: Path) -> str:
        """How the ledger names a result."""
        return key_of(self._folder, target)

    def _open(self) -> None:
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")  # held until the run ends or dies
        run("PRAGMA synchronous = EXTRA")  # an entry is on disk when it is entered
        run("BEGIN EXCLUSIVE")
        self._refuse_links()  # of which one was put there meanwhile
        ((version,),) = run("PRAGMA user_version")
        ((application,),) = run("PRAGMA application_id")
        if application not in (0, OURS):
            raise LedgerError(f"{self._path}: another program's database: choose another folder")
        if version > VERSION:
            raise LedgerError(
                f"{self._path}: written by a newer jcarsr (ledger version {version}, this one "
                f"knows {VERSION}): update jcarsr or choose another folder"
            )
        run(_results_table(""))
        run(f"SELECT {NAMES} FROM results LIMIT 1")
        if (version, application) != (VERSION, OURS):
            run(f"PRAGMA user_version = {VERSION}")
            run(f"PRAGMA application_id = {OURS}")
        run("COMMIT")

    def _refuse_links(self) -> None:
        """Raise a LedgerError if the database or a file of its journal is no plain file."""
        for ending in _BESIDE:
            path = self._path.with_name(self._path.name + ending)
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue
            if stat.S_ISLNK(mode):
                raise LedgerError(f"{path}: a link, which is not followed: remove it")
            if not stat.S_ISREG(mode):
                raise LedgerError(f"{path}: cannot be written (not a file)")

    def _make_plan(self, name: str) -> None:
        """Make the tables of plans in a database, whose name ends in a dot; "" = this one."""
        run = self._database.execute
        for table in _PLAN.format(name=name).split(";"):
            run(table)
        if "met" not in [row[1] for row in run(f"PRAGMA {name}table_info(plan)")]:
            run(f"ALTER TABLE {name}plan ADD COLUMN met INTEGER")  # of an earlier version

    def _write_met(self) -> None:
        met, self._met = self._met, None if self._met is None else []
        if met:
            rows = ((key,) for key in met)
            self._database.executemany("UPDATE plan SET met = 1 WHERE target = ?", rows)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        """What is done in it is done as a whole, or not at all."""
        self._database.execute("BEGIN EXCLUSIVE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

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

    def _why_not_opened(self, error: sqlite3.Error) -> str:
        """What the system says where SQLite cannot open the file, before it is locked."""
        place = self._folder
        try:
            can_lock(place)
            place = self._path
            with place.open("r+b"):
                pass
        except OSError as other:
            return f"{place}: cannot be written ({other.strerror or other})"
        return f"{place}: cannot be written ({error})"

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
        if can_read(self._path):  # which a run that holds it allows to no other
            return (
                f"{self._path}: open in another program, such as a database browser: close it "
                "there and run again"
            )
        return f"{self._folder}: another run is writing there"


def _results_table(name: str) -> str:
    return _RESULTS.format(name=name, columns=", ".join(f.name for f in fields(Entry)[1:]))


def _is_other_runs(folder: Path) -> bool:
    """Whether a folder has a ledger of its own, or cannot be looked into."""
    try:
        return has_ledger(folder)
    except OSError:
        return True
