"""Which part of a run's inputs one of N processes does, and where each keeps its ledger."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "jcarsr-ledger.sqlite3"
"""Of the ledger of a run that does all inputs."""

_NAME = re.compile(r"jcarsr-ledger\.([1-9]\d*)-of-([1-9]\d*)\.sqlite3")
_MOST = 100_000  # shards: each has a file of its own in one folder


@dataclass(frozen=True, order=True)
class Shard:
    """One of `of` parts of all inputs, from 1; the first of one is everything."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def ledger_name(self) -> str:
        """The name of the shard's ledger in the output folder."""
        if self.of == 1:
            return FILE_NAME
        return f"jcarsr-ledger.{self.number}-of-{self.of}.sqlite3"

    def owns(self, place: str) -> bool:
        """Return whether an input belongs to the shard.

        The same on every computer and with every version: the first eight bytes of the SHA-256 of
        the place, as a big-endian number, modulo the number of shards, plus one.

        Args:
            place: the input's path below the folder that was given, with slashes; of a file given
                by its name, the name.

        >>> [Shard(number, 3).owns("deep/a.jpg") for number in (1, 2, 3)]
        [False, True, False]
        """
        digest = hashlib.sha256(os.fsencode(place)).digest()
        return int.from_bytes(digest[:8], "big") % self.of + 1 == self.number


WHOLE = Shard(1, 1)
"""The only shard of a run without shards."""


def parse_shard(text: str) -> Shard:
    """Return the shard that `I/N` names.

    Raises:
        ValueError: it names none.

    >>> parse_shard("2/3")
    Shard(number=2, of=3)
    """
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text, re.ASCII)
    if found is None:
        raise ValueError(f"--shard {text}: I/N, such as 1/3, is the first of three")
    shard = Shard(int(found[1]), int(found[2]))
    if not 1 <= shard.number <= shard.of <= _MOST:
        raise ValueError(f"--shard {text}: I is from 1 to N, N at most {_MOST:,}")
    return shard


def ledger_files(folder: Path) -> dict[Shard, Path]:
    """Return the ledgers in an output folder, those of shards in their order.

    Raises:
        OSError: the folder cannot be read.
    """
    return dict(sorted(_ledger_files(folder)))


def has_ledger(folder: Path) -> bool:
    """Return whether a folder has a ledger of any run.

    Raises:
        OSError: the folder cannot be read.
    """
    return next(_ledger_files(folder), None) is not None


def _ledger_files(folder: Path) -> Iterator[tuple[Shard, Path]]:
    with os.scandir(folder) as inside:
        for found in inside:
            if found.name == FILE_NAME:
                yield WHOLE, Path(found.path)
            elif match := _NAME.fullmatch(found.name):
                shard = Shard(int(match[1]), int(match[2]))
                if shard.of > 1 and shard.number <= shard.of:
                    yield shard, Path(found.path)
