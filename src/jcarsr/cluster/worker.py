"""A worker of a cluster: one process that loads the networks once and restores row after row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from jcarsr.batch.worker import one_line_reason
from jcarsr.cluster.store import open_store
from jcarsr.cluster.task import Task
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import ImageError
from jcarsr.restoring.file import FileRestorer, Outcome
from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.reading import DEFAULT_SECONDS, TimedReader, prepare_reading
from jcarsr.restoring.settings import Settings


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """All that a worker must know of a run."""

    settings: Settings
    out: str  # folder or URL of results
    source: str | None = None  # folder or URL of pictures; None = rows have them
    weights: str | None = None
    engine: EngineOptions = field(default_factory=EngineOptions)
    max_memory: int | None = DEFAULT_MAX_MEMORY
    decode_seconds: float = DEFAULT_SECONDS
    overwrite: bool = False


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
    """Restores rows; is made once in a process. A context, which ends its processes that decode.

    Args:
        options: of the run.
        targets: result of each key, where rows have none; other keys are left out.
    """

    def __init__(self, options: WorkerOptions, targets: Mapping[str, str] | None = None) -> None:
        read = options.settings.read
        prepare_reading(read.max_pixels)
        self._reader = TimedReader(options.decode_seconds, read.max_pixels)
        files = FileRestorer(make_networks(options), options.settings, self._reader)
        self._task = Task(files, open_store(options.out), options.overwrite)
        self._source = None if options.source is None else open_store(options.source)
        self._targets = targets

    def __enter__(self) -> RestoringWorker:
        return self

    def __exit__(self, *exc: object) -> None:
        self._reader.close()

    def restore(self, rows: Mapping[str, Any]) -> list[Outcome]:
        """Return an outcome of every row that is asked for; its target is the result's path.

        Args:
            rows: `key` and, where they are not known to the worker, `target` and `data`: a list or
                array each.
        """
        outcomes: list[Outcome] = []
        for index, key in enumerate(map(str, rows["key"])):
            target = rows["target"][index] if self._targets is None else self._targets.get(key)
            if target is not None:
                data = rows["data"][index] if "data" in rows else None
                outcomes.append(self._restore(key, data, str(target)))
        return outcomes

    def _restore(self, key: str, data: Any, target: str) -> Outcome:
        try:
            content = bytes_of(data) if self._source is None else self._source.read(key)
            outcome = self._task.run(key, content, target)
        except Exception as error:  # one picture never costs another its result
            outcome = Outcome(source=key, state="failed", error=one_line_reason(error))
        return replace(outcome, target=Path(target))


def bytes_of(value: Any) -> bytes:
    """Return the bytes of a table's cell: bytes, or a structure with a field `bytes`.

    Raises:
        ImageError: it has none.
    """
    inner: Any = value
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, Any]", value).get("bytes")
    try:
        return bytes(memoryview(inner))
    except TypeError as error:
        raise ImageError("its row has no bytes of a picture") from error
