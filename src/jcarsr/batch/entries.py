"""The rows of ledgers, and the databases that hold them."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, TypeAlias

VERSION = 1
"""Of the tables, as `PRAGMA user_version`; 0 = written before there were versions, the same."""

OURS = 0x6A634152
""""jcAR", as `PRAGMA application_id`."""

EntryState: TypeAlias = Literal["pending", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    target: str
    """Relative to the output folder."""
    source: str
    """Its absolute path."""
    state: EntryState
    source_sha256: str | None = None
    settings: str | None = None
    """JSON."""
    weights_sha256: str | None = None
    result_sha256: str | None = None
    previous_sha256: str | None = None
    """Of the earlier result that this one replaces."""
    scale: int | None = None
    """Of the network; 1 where its result was shrunk to the input's size, or less."""
    tile: int | None = None
    full_precision_tiles: int | None = None
    seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Planned:
    """One input of a run."""

    source: str
    """As it was given."""
    target: str | None
    """As `Ledger.key` gives it; None = there is none."""
    reason: str | None = None
    """Why there is none."""


NAMES = ", ".join(f.name for f in fields(Entry))
"""The columns of `results`, in the order of `Entry`'s fields."""


def entry_of(row: tuple[object, ...]) -> Entry:
    """Return the entry of a row of `results`."""
    return Entry(**dict(zip((f.name for f in fields(Entry)), row, strict=True)))  # pyright: ignore[reportArgumentType]


def as_text(path: str) -> str:
    """Return a file name as text that can be stored, with any bytes in it."""
    return path.encode("utf-8", "backslashreplace").decode()


def key_of(folder: Path, target: Path) -> str:
    """Return how the ledger of a folder names a result in it."""
    own = target.relative_to(folder).as_posix()
    return as_text(own.replace("\\", "\\\\"))  # so that no other name is written alike


def path_of(folder: Path, key: str) -> Path:
    r"""Return the result that `key_of` names so.

    >>> path_of(Path("out"), "deep/a\\\\b\\udce4.png").name
    'a\\b\udce4.png'
    """

    def plain(found: re.Match[str]) -> str:
        return "\\" if found[1] is None else chr(int(found[1], 16))

    return folder / re.sub(r"\\(?:\\|u([0-9a-f]{4}))", plain, key)


def uri_of(path: Path, *, lock: bool) -> str:
    """Return what SQLite opens a database by, without locks on request."""
    return f"{path.absolute().as_uri()}{'' if lock else '?nolock=1'}"


def connect(path: Path, *, lock: bool) -> sqlite3.Connection:
    """A connection that never waits for a lock."""
    return sqlite3.connect(
        uri_of(path, lock=lock),
        uri=True,
        timeout=0,
        isolation_level=None,
        check_same_thread=False,
    )


def can_read(path: Path) -> bool:
    """Whether a database can be read at this moment."""
    try:
        database = connect(path, lock=True)
    except sqlite3.Error:
        return False
    try:
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        return False
    finally:
        database.close()
    return True
