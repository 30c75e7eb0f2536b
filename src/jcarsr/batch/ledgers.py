"""All ledgers of an output folder: read, counted against what was to be done, and merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from jcarsr.batch.decide import sha256_of
from jcarsr.batch.entries import Entry, Planned, key_of, path_of
from jcarsr.batch.ledger import Ledger
from jcarsr.batch.ledger_reader import LedgerReader, RunningError
from jcarsr.batch.shard import WHOLE, Shard, ledger_files
from jcarsr.errors import LedgerError

Found: TypeAlias = Literal["done", "failed", "missing"]


@dataclass(frozen=True, kw_only=True)
class Left:
    """An input of the last runs that has no result."""

    source: str
    target: str | None
    """Relative to the output folder."""
    state: Found
    """Failed or missing."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """What became of one shard's inputs."""

    shard: Shard
    state: Literal["ended", "running", "not begun"]
    inputs: int = 0
    done: int = 0
    left: tuple[Left, ...] = ()

    def count(self, state: Found) -> int:
        """Return how many inputs failed or are missing."""
        return sum(one.state == state for one in self.left)


@contextmanager
def earlier_entries(
    folder: Path, shard: Shard, *, lock: bool
) -> Generator[Callable[[str], Entry | None]]:
    """Give what finds entries of runs before a shard's, in the folder's merged ledger.

    Raises:
        LedgerError: another run writes there, the merged ledger cannot be read, or the folder has
            ledgers of another number of shards, whose results this run would not know.
    """
    try:
        files = ledger_files(folder)
    except OSError as error:
        unreadable = not isinstance(error, FileNotFoundError | NotADirectoryError)
        if unreadable and shard != WHOLE:  # what others have done there could not be seen
            raise LedgerError(f"{folder}: cannot be read ({error.strerror or error})") from error
        files = dict[Shard, Path]()
    others = {found.of for found in files} - {1, shard.of}
    if others:
        kept = ", ".join(map(str, sorted(others)))
        raise LedgerError(
            f"{folder}: has ledgers of a run in {kept} shards: `jcarsr ledger --merge` "
            "makes one of them, in which every run finds what is done"
        )
    if shard == WHOLE or WHOLE not in files:
        yield lambda key: None
        return
    with LedgerReader(files[WHOLE], lock=lock) as reader:
        yield reader.find


@contextmanager
def read_sources(folder: Path | None, *, lock: bool) -> Generator[Callable[[Path], str | None]]:
    """Give what finds of a result in a folder the source that the folder's own ledger has for it.

    The ledgers of shards are not asked: another shard, which cannot read them, must name results
    alike. A ledger that cannot be read knows nothing; to open it for the run says why.

    Args:
        folder: of results; None = there is none.
        lock: as for `Ledger`.
    """
    with ExitStack() as stack:
        try:
            if folder is None:
                raise LedgerError("no folder")
            reader = stack.enter_context(LedgerReader(folder / WHOLE.ledger_name, lock=lock))
        except LedgerError:
            yield lambda target: None
            return

        def source_of(target: Path) -> str | None:
            entry = reader.find(key_of(folder, target))
            return entry and entry.source

        yield source_of


def survey(folder: Path, *, lock: bool = True, check: bool = False) -> list[Part]:
    """Return what became of the inputs of the last run, or of the last runs of all its shards.

    Where runs in different numbers of shards have left ledgers, the latest counts, and the results
    that the merged ledger knows.

    Args:
        folder: of the results.
        lock: as for `Ledger`.
        check: a result counts only if its bytes are those that the ledger knows.

    Raises:
        LedgerError: there is no ledger, or one cannot be read.
    """
    files = _files(folder)
    runs, running = _look(files, lock=lock)
    homes: dict[Shard, tuple[float, Path]] = {}  # of each shard's newest plan
    for path, found in runs.items():
        for shard, begun in found.items():
            homes[shard] = max(homes.get(shard, (begun, path)), (begun, path))
    if not homes and WHOLE in files:  # written before plans were kept
        homes[WHOLE] = 0.0, files[WHOLE]
    of = max(homes, key=lambda shard: homes[shard], default=max(files)).of
    of = next((shard.of for shard in running), of)
    parts: dict[Shard, Part] = {}
    with ExitStack() as stack:
        merged: Callable[[str], Entry | None] = lambda key: None  # noqa: E731
        if WHOLE in files and WHOLE not in running:
            merged = stack.enter_context(LedgerReader(files[WHOLE], lock=lock)).find
        for path in runs:
            mine = {shard.number: shard for shard, (_, home) in homes.items() if home == path}
            mine = {n: shard for n, shard in mine.items() if shard.of == of}
            if mine:
                with LedgerReader(path, lock=lock) as reader:
                    parts |= _parts(folder, reader, mine, merged, check=check)
    for number in range(1, of + 1):
        shard = Shard(number, of)
        if shard in running or shard not in parts:
            state = "running" if shard in running else "not begun"
            parts[shard] = Part(shard=shard, state=state)
    return [parts[shard] for shard in sorted(parts)]


def merge(folder: Path, *, lock: bool = True) -> int:
    """Put the ledgers of all shards into the folder's own, and remove them; gives their number.

    Killed at any moment it loses nothing, and is called again.

    Raises:
        LedgerError: there is no ledger, one cannot be read, or a run is going on.
    """
    files = _files(folder)
    runs, running = _look(files, lock=lock)
    if running:
        names = ", ".join(map(str, running))
        raise LedgerError(f"{folder}: a run is going on (shard {names}): merge when it has ended")
    begun = {shard: when for found in runs.values() for shard, when in found.items()}
    of = max(begun, key=lambda shard: begun[shard], default=WHOLE).of
    shards = {shard: path for shard, path in files.items() if shard != WHOLE}
    if not shards:
        return 0
    with Ledger(folder, lock=lock) as ledger:
        if any(shard.of != of for shard in runs.get(folder / WHOLE.ledger_name, {})):
            ledger.forget_plan()
        for shard, path in shards.items():
            ledger.take_in(path, plan=shard.of == of)
            path.unlink()
    return len(shards)


def _files(folder: Path) -> dict[Shard, Path]:
    try:
        files = ledger_files(folder)
    except OSError as error:
        raise LedgerError(f"{folder}: cannot be read ({error.strerror or error})") from error
    if not files:
        raise LedgerError(f"{folder}: has no ledger: no run has had its results there")
    return files


def _look(
    files: Mapping[Shard, Path], *, lock: bool
) -> tuple[dict[Path, dict[Shard, float]], list[Shard]]:
    """The last runs that each ledger knows, and the shards whose ledgers are being written."""
    runs: dict[Path, dict[Shard, float]] = {}
    running: list[Shard] = []
    for shard, path in files.items():
        try:
            with LedgerReader(path, lock=lock) as reader:
                runs[path] = reader.runs()
        except RunningError:
            running.append(shard)
    return runs, running


def _parts(
    folder: Path,
    reader: LedgerReader,
    shards: Mapping[int, Shard],
    merged: Callable[[str], Entry | None],
    *,
    check: bool,
) -> dict[Shard, Part]:
    """What became of the inputs of some shards, whose plans are in one ledger."""
    counts, left = Counter[int](), {number: list[Left]() for number in shards}
    for number, planned, met, entry in reader.plan():
        if number not in shards:
            continue
        counts[number] += 1
        if entry is None and planned.target is not None:
            entry = merged(planned.target)
        why = _why_left(folder, planned, met, entry, check=check)
        if why is not None:
            left[number].append(why)
    return {
        shard: Part(
            shard=shard,
            state="ended",
            inputs=counts[number],
            done=counts[number] - len(left[number]),
            left=tuple(left[number]),
        )
        for number, shard in shards.items()
    }


def _why_left(
    folder: Path, planned: Planned, met: bool, entry: Entry | None, *, check: bool
) -> Left | None:
    """Why an input has no result, None if it has one."""

    def left(state: Found, reason: str) -> Left:
        return Left(source=planned.source, target=planned.target, state=state, reason=reason)

    if planned.target is None:
        return left("failed", planned.reason or "")
    if entry is None:
        return left("missing", "not restored yet")
    if not met:
        return left("missing", "the last run did not come to it")
    if entry.state == "failed":
        return left("failed", entry.error or "")
    path = path_of(folder, entry.target)
    try:
        if check or entry.state == "pending":  # killed before or after the rename
            found = sha256_of(path) == entry.result_sha256
            return None if found else left("missing", f"its result {path} is not as it was made")
        path.lstat()
    except OSError as error:
        return left("missing", f"its result {path} is not there ({error.strerror or error})")
    return None
