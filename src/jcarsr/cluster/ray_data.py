"""The rows of a run on Ray Data: the only place that knows Ray.

Ray's defaults retry a worker that dies for ever. Here a worker may be started anew three times and
a row tried twice; a row that is lost is missing at the end, where outcomes are counted against
inputs. Nothing is taken from Ray's own checkpoints: results and their records are the truth.
"""

from __future__ import annotations

import logging
import math
import os
import pickle
import re
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from jcarsr.cluster.sources import Item
from jcarsr.cluster.table import RowPlace
from jcarsr.cluster.worker import RestoringWorker, WorkerOptions
from jcarsr.errors import DeviceError, JCARSRError
from jcarsr.restoring.outcome import Outcome

_RESTARTS = 3  # of each worker
_RETRIES = 1  # of each block of rows
_LOST_BLOCKS = 5  # after which the run ends
_STARTS = 5  # of a cluster on this computer, which busy computers may be too slow for at first
_BLOCKS = 2_000  # about as many are made of a run; each costs the driver a little
_OWN = re.compile(r"^jcarsr\.errors\.\w+: (.+)$", re.MULTILINE)
_MOST_ROWS = 32  # in a block: what is lost at most with a worker


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """The workers of a run.

    Raises:
        ValueError: a number out of range; the message quotes it.
    """

    workers: int = 1
    cpus: float = 1
    """Of each worker."""
    gpus: float = 0
    """Of each worker; less than 1 = several share one."""
    address: str | None = None
    """Of a running cluster; None = this computer."""

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"--workers {self.workers}: at least 1")
        if not 0 < self.cpus <= 1024:
            raise ValueError(f"--cpus {self.cpus:g}: more than 0")
        if not 0 <= self.gpus <= 64:
            raise ValueError(f"--gpus {self.gpus:g}: at least 0")


class _RowWorker(RestoringWorker):
    """The worker as Ray calls it."""

    def __call__(self, rows: Mapping[str, Any]) -> dict[str, list[bytes]]:
        """Return rows as Ray takes them: an outcome each, which only Python reads.

        A worker whose device computes no more dies: Ray starts another, whose device may. Where
        nothing can be written blocks fail, of which a few end the run.
        """
        try:
            return {"outcome": [pickle.dumps(outcome) for outcome in self.restore(rows)]}
        except DeviceError:
            os._exit(1)


@contextmanager
def cluster(options: ClusterOptions) -> Generator[None]:
    """Connect to a cluster, or start one on this computer which ends with the context.

    Raises:
        JCARSRError: it cannot be reached or has not enough processors.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    ray: Any = import_module("ray")
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    own = {
        "num_cpus": math.ceil(options.workers * options.cpus) + 1,  # one for what Ray reads
        "_node_ip_address": "127.0.0.1",
        "include_dashboard": False,
    }
    if options.address is None:
        _start(ray, {**quiet, **own}, _STARTS)
    else:
        _start(ray, {**quiet, "address": options.address}, 1)
    try:
        _check_room(ray.cluster_resources(), options)
        yield
    finally:
        ray.shutdown()


def _start(ray: Any, how: Mapping[str, Any], tries: int) -> None:
    """Connect to a cluster, or start one."""
    for number in range(1, tries + 1):
        try:
            ray.init(**how)
            return
        except Exception as error:  # among them plain ones, when it does not start in time
            ray.shutdown()
            if number == tries or "timed out" not in str(error):
                raise JCARSRError(f"Ray does not start: {_last_line(error)}") from error


def run_items(
    items: Sequence[Item],
    options: WorkerOptions,
    cluster: ClusterOptions,
    places: Mapping[str, RowPlace] | None = None,
) -> Iterator[Outcome]:
    """Give an outcome of every item, in any order; those that were lost with a worker come last.

    Args:
        items: what there is to do.
        options: how.
        cluster: by which workers; `cluster` is entered.
        places: of the rows of a table, by their keys; None = the pictures are files.

    Raises:
        JCARSRError: the workers cannot start, or too many die.
    """
    for item in items:
        if item.target is None:
            yield Outcome(source=item.key, state="failed", error=item.reason)
    left = {item.key: item.target for item in items if item.target is not None}
    rows = max(1, min(_MOST_ROWS, len(left) // _BLOCKS))
    for size in (rows, 1) if rows > 1 else (1,):  # again alone: which of a block was it?
        if left:
            for outcome in _pass(dict(left), size, options, cluster, places):
                if left.pop(str(outcome.source), None) is not None:
                    yield outcome
    for key in left:
        reason = "lost: its worker died each time that it was tried"
        yield Outcome(source=key, state="failed", error=reason)


def _pass(
    targets: Mapping[str, str],
    size: int,
    options: WorkerOptions,
    cluster: ClusterOptions,
    places: Mapping[str, RowPlace] | None,
) -> Iterator[Outcome]:
    """One go through some items, of which some may be lost."""
    ray: Any = import_module("ray")
    data: Any = import_module("ray.data")
    context = data.DataContext.get_current()
    context.max_errored_blocks = _LOST_BLOCKS
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # the command reports itself
    rows: list[dict[str, Any]] = [{"key": key, "target": path} for key, path in targets.items()]
    if places is not None:
        rows = [{**row, **vars(places[row["key"]])} for row in rows]
    dataset = data.from_items(rows, override_num_blocks=math.ceil(len(rows) / size))
    try:
        with warnings.catch_warnings(action="ignore"):  # the last two have no other place yet
            dataset = dataset.map_batches(
                _RowWorker,
                fn_constructor_kwargs={"options": options},
                compute=data.ActorPoolStrategy(size=cluster.workers),
                batch_size=None,  # a block as it is
                num_cpus=cluster.cpus,
                num_gpus=cluster.gpus or None,
                max_restarts=_RESTARTS,
                max_task_retries=_RETRIES,
            )
        for row in dataset.iter_rows():
            yield pickle.loads(row["outcome"])
    except (ray.exceptions.RayError, RuntimeError) as error:
        raise JCARSRError(f"the workers failed: {_last_line(error)}") from error


def _check_room(found: Mapping[str, float], options: ClusterOptions) -> None:
    """Refuse what would wait for ever."""
    for name, each in (("CPU", options.cpus), ("GPU", options.gpus)):
        wanted, there = options.workers * each, found.get(name, 0.0)
        if wanted > there:
            raise JCARSRError(
                f"Ray: {options.workers} workers need {wanted:g} {name}s, and the cluster has "
                f"{there:g}"
            )


def _last_line(error: BaseException) -> str:
    """What our own error says, else the last line: Ray puts traces of other processes before it."""
    if own := _OWN.findall(str(error)):
        return own[-1].strip()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
