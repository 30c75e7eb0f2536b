"""A worker of a cluster: one process that loads the networks once and restores row after row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jcarsr.batch.worker import one_line_reason
from jcarsr.cluster.store import open_store
from jcarsr.cluster.table import RowPlace, RowReader, Table
from jcarsr.cluster.task import Task
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import DeviceError, StorageError
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outcome import Outcome
from jcarsr.restoring.reading import DEFAULT_SECONDS, TimedReader, prepare_reading
from jcarsr.restoring.settings import Settings


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """All that a worker must know of a run."""

    settings: Settings
    out: str
    """Folder or URL of results."""
    source: str | None = None
    """Folder or URL of pictures."""
    table: Table | None = None
    """Of pictures, if there is no source."""
    weights: str | None = None
    engine: EngineOptions = field(default_factory=EngineOptions)
    max_memory: int | None = DEFAULT_MAX_MEMORY
    decode_seconds: float = DEFAULT_SECONDS
    overwrite: bool = False

    @property
    def place(self) -> str:
        """Of the pictures."""
        place = self.source if self.table is None else self.table.place
        return (place or "").rstrip("/")


def make_networks(options: WorkerOptions) -> Networks:
    """Return what restores; nothing is loaded before it is needed.

    Raises:
        WeightsError: no such weights.
        ValueError: the engine or device is not there.
    """
    networks = Networks(
        options.weights,
        options.engine,
        tile=options.settings.tile,
        max_memory=options.max_memory,
    )
    networks.check_device()
    return networks


class RestoringWorker:
    """Restores rows; is made once in a process. A context, which ends its processes that decode."""

    def __init__(self, options: WorkerOptions) -> None:
        read = options.settings.read
        prepare_reading(read.max_pixels)
        self._reader = TimedReader(options.decode_seconds, read.max_pixels)
        files = FileRestorer(make_networks(options), options.settings, self._reader)
        self._task = Task(files, open_store(options.out), options.overwrite, options.place)
        self._source = None if options.source is None else open_store(options.source)
        self._table = None if options.table is None else RowReader(options.table)

    def __enter__(self) -> RestoringWorker:
        return self

    def __exit__(self, *exc: object) -> None:
        self._reader.close()

    def restore(self, rows: Mapping[str, Any]) -> list[Outcome]:
        """Return an outcome of every row; its target is the result's path.

        Args:
            rows: `key` and `target`, and of a table's rows `file`, `group` and `index`: a list or
                array each.

        Raises:
            DeviceError: the device computes no more.
            StorageError: nothing more can be written.
        """
        outcomes: list[Outcome] = []
        for index, (key, target) in enumerate(zip(rows["key"], rows["target"], strict=True)):
            row = None
            if self._table is not None:
                place = int(rows["group"][index]), int(rows["index"][index])
                row = RowPlace(str(rows["file"][index]), *place)
            outcomes.append(self._restore(str(key), row, str(target)))
        return outcomes

    def _restore(self, key: str, row: RowPlace | None, target: str) -> Outcome:
        try:
            outcome = self._task.run(key, self._read(key, row), target)
        except (DeviceError, StorageError):  # what is wrong is no picture's
            raise
        except Exception as error:  # one picture never costs another its result
            outcome = Outcome(source=key, state="failed", error=one_line_reason(error))
        return replace(outcome, target=Path(target))

    def _read(self, key: str, row: RowPlace | None) -> bytes:
        if row is not None and self._table is not None:
            return self._table.read(row)
        assert self._source is not None
        return self._source.read(key)
