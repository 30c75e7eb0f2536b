"""Many jobs: reading, restoring and writing overlap, in bounded numbers.

A few threads read ahead and write behind while the network, which takes most of the time, runs in
the caller's, or in a thread for each device if there are several. Large pictures are not decoded
ahead and are written before their device begins the next one, so that memory is bounded by the
largest of them, one a device, and not by how many there are.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import islice
from typing import ParamSpec, TypeVar

from jcarsr.batch.plan import FileJob, Refused
from jcarsr.batch.worker import LARGE, LedgerWorker, ReadFile
from jcarsr.errors import DeviceError, JCARSRError, LedgerError, StorageError
from jcarsr.image import Animation
from jcarsr.killable import ClosedError
from jcarsr.progress import OnTile, ignore_progress
from jcarsr.restoring.outcome import Outcome

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 2  # that read for a device, and as many that write
_AHEAD = 4  # files read before a device needs them, and results waiting to be written
_HELD = 1_000  # outcomes of several devices that wait for one of an earlier job


def run_jobs(
    worker: LedgerWorker,
    jobs: Sequence[FileJob | Refused],
    on_tile: OnTile = ignore_progress,
) -> Generator[Outcome]:
    """One outcome for every job, in their order, however many devices there are.

    Args:
        worker: does the work.
        jobs: what there is to do.
        on_tile: called with (tiles done, tiles in all) of the picture that the network is at; with
            several devices from several threads.

    Raises:
        StorageError: nothing more can be written: the disk is full or read-only.
        LedgerError: the ledger cannot be written.
        DeviceError: no device computes any more.
    """
    devices = worker.devices
    readers = ThreadPoolExecutor(_THREADS * devices, "read")
    writers = ThreadPoolExecutor(_THREADS * devices, "write")
    restorers = _Caller() if devices == 1 else ThreadPoolExecutor(devices, "restore")
    room = threading.Semaphore(_AHEAD + devices)  # for jobs that are not finished with
    waiting: deque[Future[Future[Outcome]]] = deque()

    def restore(read: ReadFile) -> Future[Outcome]:
        try:
            outcome = _restore(worker, read, on_tile, writers)
        except BaseException:
            room.release()
            raise
        outcome.add_done_callback(lambda _: room.release())
        return outcome

    try:
        for future in _ahead(readers, worker, jobs, _AHEAD * devices):
            read = future.result()
            if isinstance(read, ReadFile):
                room.acquire()
                waiting.append(restorers.submit(restore, read))
            else:
                waiting.append(_finished_future(_finished_future(read)))
            most = _AHEAD if devices == 1 else _HELD
            while waiting and (len(waiting) > most or _is_finished(waiting[0])):
                yield waiting.popleft().result().result()
        while waiting:
            yield waiting.popleft().result().result()
    finally:
        for pool in (readers, restorers, writers):
            pool.shutdown(wait=True, cancel_futures=True)


class _Caller(Executor):
    """Runs what is submitted at once, in the caller's thread, and lets its errors through."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `Executor`."""
        return _finished_future(fn(*args, **kwargs))


def _ahead(
    readers: Executor, worker: LedgerWorker, jobs: Sequence[FileJob | Refused], most: int
) -> Iterator[Future[ReadFile | Outcome]]:
    """Reads in the order of the jobs, a few of them running before they are asked for."""
    left = iter(jobs)
    running = deque(readers.submit(_read, worker, job) for job in islice(left, most))
    while running:
        yield running.popleft()
        running.extend(readers.submit(_read, worker, job) for job in islice(left, 1))


def _read(worker: LedgerWorker, job: FileJob | Refused) -> ReadFile | Outcome:
    if isinstance(job, Refused):
        return worker.record_failure(job, JCARSRError(job.reason))
    try:
        return worker.read(job)
    except (LedgerError, ClosedError):
        raise
    except Exception as error:  # one file never costs another its result
        return worker.record_failure(job, error)


def _restore(
    worker: LedgerWorker, read: ReadFile, on_tile: OnTile, writers: Executor
) -> Future[Outcome]:
    """The outcome to come; of a large result it is there already."""
    try:
        result = worker.restore(read, on_tile)
    except (LedgerError, ClosedError, DeviceError):
        raise
    except Exception as error:  # one file never costs another its result
        return _finished_future(worker.record_failure(read.job, error))
    first = result.restored.first
    pixels = first.size[0] * first.size[1] * (len(first) if isinstance(first, Animation) else 1)

    def write() -> Outcome:
        try:
            return worker.write(result)
        except LedgerError:
            raise
        except StorageError as error:
            raise StorageError(f"{read.job.target}: {error}") from error
        except Exception as error:
            return worker.record_failure(read.job, error)

    outcome = writers.submit(write)
    if pixels > LARGE:
        outcome.exception()  # which waits
    return outcome


def _is_finished(step: Future[Future[Outcome]]) -> bool:
    return step.done() and (step.exception() is not None or step.result().done())


def _finished_future(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future
