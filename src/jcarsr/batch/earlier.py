"""Which pictures of a folder are results of earlier runs, or maps of them, and no originals."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePath
from typing import Any

from jcarsr.batch.decide import sha256_of
from jcarsr.batch.entries import key_of
from jcarsr.batch.ledger_reader import LedgerReader, RunningError
from jcarsr.batch.shard import ledger_files
from jcarsr.errors import ImageError, LedgerError
from jcarsr.image import format_of
from jcarsr.image.header import read_header
from jcarsr.restoring.target import Target

RECORDS = ".jcarsr-records"
"""The folder of the records of `jcarsr batch` in its output; a result's is RECORDS/PATH.json."""

_NAME = re.compile(r"(.+)_(?:x([124])|(width|height|(?:long|short)-side)-([1-9]\d{0,6}))")
_MAP = re.compile(r"(.+)\.(?:gradient|detail|side)")


def results_beside(names: Sequence[Path]) -> set[Path]:
    """Return those of a folder's pictures that are results of others of them.

    Such a one has the name that a run without `--out` and `--name` gives it, and exactly the size
    that its name says. With it go the maps and comparisons that have its name.

    Args:
        names: all pictures of one folder.
    """
    by_stem = defaultdict[str, list[Path]](list)
    for path in names:
        by_stem[path.stem].append(path)
        by_stem[f"{path.stem}_{path.suffix.removeprefix('.')}"].append(path)
    results = {
        path
        for path in names
        if (found := _NAME.fullmatch(path.stem)) is not None
        and format_of(path) is not None
        and _is_result(path, by_stem.get(found[1], ()), _target(found))
    }
    stems = {path.stem for path in results}
    maps = {path for path in names if (found := _MAP.fullmatch(path.stem)) and found[1] in stems}
    return results | maps


class KnownResults:
    """What the ledgers know that lie in the folders of a search; a context.

    And the records of `jcarsr batch`. A ledger that cannot be read knows nothing.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._readers: dict[Path, list[LedgerReader]] = {}
        self._recorded: set[Path] = set()  # folders with records
        self._busy: set[Path] = set()  # folders into which a run writes

    def __enter__(self) -> KnownResults:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def look_into(self, folder: Path) -> None:
        """Read the ledgers in a folder, if it has any."""
        if (folder / RECORDS).is_dir():
            self._recorded.add(folder)
        try:
            paths = ledger_files(folder).values()
        except OSError:
            return
        for path in paths:
            try:
                reader = self._stack.enter_context(LedgerReader(path))
            except RunningError:
                self._busy.add(folder)
                continue
            except LedgerError:
                continue
            self._readers.setdefault(folder, []).append(reader)

    def have(self, path: Path) -> bool:
        """Return whether a file is a result as a run wrote it."""
        if not self._readers and not self._recorded:
            return False
        hashes = set(self._hashes(path, path.parents))
        try:
            return bool(hashes) and sha256_of(path) in hashes
        except OSError:
            return False

    def may_have(self, path: Path) -> bool:
        """Return whether a file may be a result of a run that goes on, whose ledger is its own."""
        return not self._busy.isdisjoint(path.parents)

    def _hashes(self, path: Path, folders: Collection[PurePath]) -> list[str]:
        """Of the results that the ledgers of the folders it lies in have under its path."""
        entries = [
            reader.find(key_of(folder, path))
            for folder, readers in self._readers.items()
            if folder in folders
            for reader in readers
        ]
        recorded = [
            _recorded(folder / RECORDS / f"{key_of(folder, path)}.json")
            for folder in self._recorded
            if folder in folders
        ]
        known = [entry.result_sha256 for entry in entries if entry]
        return [hash for hash in (*known, *recorded) if hash]


def _recorded(record: Path) -> str | None:
    """The hash of a result, of its record; None if there is none."""
    try:
        fields: Any = json.loads(record.read_bytes())
        return str(fields["result_sha256"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _target(found: re.Match[str]) -> Target:
    """The size that a result's name says."""
    if found[2]:
        return Target(scale=int(found[2]))
    return Target(**{found[3].replace("-", "_"): int(found[4])})


def _is_result(path: Path, sources: Sequence[Path], target: Target) -> bool:
    """Whether a picture has the size of a result of one of the sources."""
    size = None
    for source in sources:
        size = size or _size(path)
        own = _size(source)
        if source != path and size and own and target.size(*own) == size:
            return True
    return False


def _size(path: Path) -> tuple[int, int] | None:
    """(width, height) of a picture, upright; None if its header cannot be read."""
    try:
        return read_header(path).size
    except ImageError:
        return None
