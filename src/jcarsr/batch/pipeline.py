"""Many jobs: reading, restoring and writing overlap, in bounded numbers.

A few threads read ahead and write behind while the network, which takes most of the time, runs in
the caller's. Large pictures are not decoded ahead and are written before the next one begins, so
that memory is bounded by the largest of them and not by how many there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import islice

from jcarsr.batch.plan import Job, Refused
from jcarsr.batch.worker import LARGE, Read, Worker
from jcarsr.errors import JCARSRError, LedgerError, StorageError
from jcarsr.killable import ClosedError
from jcarsr.progress import OnTile, ignore_progress
from jcarsr.restoring.file import Outcome

_THREADS = 2  # that read, and as many that write
_AHEAD = 4  # files read before the network needs them, and results waiting to be written


def run_jobs(
    worker: Worker,
    jobs: Sequence[Job | Refused],
    on_tile: OnTile = ignore_progress,
) -> Generator[Outcome]:
    """One outcome for every job, in their order.

    Args:
        worker: does the work.
        jobs: what there is to do.
        on_tile: called with (tiles done, tiles in all) of the picture that the network is at.

    Raises:
        StorageError: nothing more can be written: the disk is full or read-only.
        LedgerError: the ledger cannot be written.
    """
    readers = ThreadPoolExecutor(_THREADS, "read")
    writers = ThreadPoolExecutor(_THREADS, "write")
    waiting: deque[Future[Outcome]] = deque()
    try:
        for future in _ahead(readers, worker, jobs):
            read = future.result()
            large = False
            if isinstance(read, Read):
                outcome, large = _restore(worker, read, on_tile, writers)
            else:
                outcome = _finished_future(read)
            waiting.append(outcome)
            while waiting and (len(waiting) > _AHEAD or large or waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for pool in (readers, writers):
            pool.shutdown(wait=True, cancel_futures=True)


def _ahead(
    readers: Executor, worker: Worker, jobs: Sequence[Job | Refused]
) -> Iterator[Future[Read | Outcome]]:
    """Reads in the order of the jobs, a few of them running before they are asked for."""
    left = iter(jobs)
    running = deque(readers.submit(_read, worker, job) for job in islice(left, _AHEAD))
    while running:
        yield running.popleft()
        running.extend(readers.submit(_read, worker, job) for job in islice(left, 1))


def _read(worker: Worker, job: Job | Refused) -> Read | Outcome:
    if isinstance(job, Refused):
        return worker.record_failure(job, JCARSRError(job.reason))
    try:
        return worker.read(job)
    except (LedgerError, ClosedError):
        raise
    except Exception as error:  # one file never costs another its result
        return worker.record_failure(job, error)


def _restore(
    worker: Worker, read: Read, on_tile: OnTile, writers: Executor
) -> tuple[Future[Outcome], bool]:
    """The outcome to come, and whether its result is large."""
    try:
        result = worker.restore(read, on_tile)
    except (LedgerError, ClosedError):
        raise
    except Exception as error:  # one file never costs another its result
        return _finished_future(worker.record_failure(read.job, error)), False
    width, height = result.restored.first.size
    large = width * height > LARGE

    def write() -> Outcome:
        try:
            return worker.write(result)
        except LedgerError:
            raise
        except StorageError as error:
            raise StorageError(f"{read.job.target}: {error}") from error
        except Exception as error:
            return worker.record_failure(read.job, error)

    return writers.submit(write), large


def _finished_future(outcome: Outcome) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_result(outcome)
    return future
