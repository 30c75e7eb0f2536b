"""Jobs: a bounded queue, processes that take from it, and results that are kept for a while."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import shutil
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from jcarsr.errors import JCARSRError, format_bytes
from jcarsr.web.clients import largest_share
from jcarsr.web.limits import Limits
from jcarsr.web.metrics import Metrics
from jcarsr.web.pace import Pace
from jcarsr.web.problems import Problem
from jcarsr.web.process import TaskError, WorkerProcess
from jcarsr.web.tasks import Answer, Restore
from jcarsr.web.turns import FairQueue

_RETRY_SECONDS = 5.0  # the answer where nothing better is known
_SWEEP_SECONDS = 5.0
_log = logging.getLogger(__name__)


class State(StrEnum):
    """What is being done with a job."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"


@dataclass(eq=False, kw_only=True)
class Job:
    """A picture to be restored and what became of it; its files lie in a folder of its own."""

    task: Restore
    folder: Path
    pixels: int
    """Of the input, all frames together."""
    client: str = ""
    """Whose it is, by address."""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    state: State = State.queued
    tiles: tuple[int, int] = (0, 0)
    """Done, in all."""
    started: float | None = None
    """time.monotonic()."""
    ended: float | None = None
    file_bytes: int = 0
    """What its files take, as it was last measured."""
    answer: Answer | None = None
    problem: Problem | None = None
    holders: int = 0
    """That are reading its files, which stay meanwhile."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Done or failed."""

    @property
    def kind(self) -> str:
        """What its time depends on, besides its size."""
        task = self.task
        work = "Restore" if task.output == "picture" else task.output.capitalize()
        size = task.side or task.scale
        more = f"{' ensemble' if task.ensemble else ''}{' crisp' if task.crisp else ''}"
        return f"{work} {task.weights} {size}{more}"

    @property
    def seconds(self) -> float:
        """How long it has been worked at."""
        if self.started is None:
            return 0.0
        return (self.ended or time.monotonic()) - self.started

    @property
    def progress(self) -> float:
        """From 0 to 1, in tiles."""
        done, total = self.tiles
        return 1.0 if self.state is State.done else done / total if total else 0.0

    def measure(self) -> None:
        """See what its files take."""
        with contextlib.suppress(FileNotFoundError):  # one that is just being renamed or deleted
            self.file_bytes = sum(file.stat().st_size for file in self.folder.iterdir())

    def end(self, problem: Problem | None = None, answer: Answer | None = None) -> None:
        """It is done, or has failed."""
        self.state = State.failed if problem else State.done
        self.problem, self.answer, self.ended = problem, answer, time.monotonic()
        self.ready.set()


class Jobs:
    """The queue and what is kept of it.

    Args:
        processes: that restore; as many jobs are worked at at once.
        limits: of the queue, of time and of what is kept.
        metrics: count what becomes of the jobs.
    """

    def __init__(
        self, processes: Sequence[WorkerProcess], limits: Limits, metrics: Metrics
    ) -> None:
        self._processes, self._limits, self._metrics = processes, limits, metrics
        self._jobs: dict[str, Job] = {}  # in the order in which they came
        self._queue = FairQueue[Job]()
        self._runs: dict[Job, asyncio.Task[None]] = {}
        self._pace = Pace()
        self._arrived = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to work."""
        self._loops = [asyncio.create_task(self._work(process)) for process in self._processes]
        self._loops.append(asyncio.create_task(self._sweep()))

    async def stop(self) -> None:
        """Leave everything as it is."""
        tasks = [*self._loops, *self._runs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def queued(self) -> int:
        """Jobs that wait."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """Jobs that are worked at."""
        return len(self._runs)

    @property
    def kept_bytes(self) -> int:
        """What the files of all jobs take."""
        return sum(job.file_bytes for job in self._jobs.values())

    def check_room(self, client: str = "") -> None:
        """See whether one more job of a client can be taken.

        Raises:
            Problem: 503, the queue is full, or the client's share of it.
        """
        most = self._limits.queue
        full, share = len(self._queue) >= most, largest_share(most)
        if full or self._queue.count(client) >= share:
            self._metrics.jobs.labels("refused").inc()
            pictures = f"{most} pictures" if full else f"{share} pictures from this address"
            raise Problem(503, f"{pictures} are waiting already", self.retry_header())

    def retry_header(self) -> dict[str, str]:
        """When to try again: the next job should have ended by then."""
        known = [eta for job in self._runs if (eta := self.eta(job)) is not None]
        return {"Retry-After": str(max(1, round(min(known, default=_RETRY_SECONDS))))}

    def add(self, job: Job) -> None:
        """Put a job into the queue, behind those of its client; clients take turns.

        Raises:
            Problem: 503, the queue is full.
        """
        self.check_room(job.client)
        job.measure()
        self._jobs[job.id] = job
        self._queue.add(job, job.client)
        self._arrived.set()

    def find(self, id: str) -> Job:
        """The job of this name.

        Raises:
            Problem: 404, there is none.
        """
        if id not in self._jobs:
            raise Problem(404, "no such job: it was deleted, its time is over, or it never was")
        return self._jobs[id]

    def position(self, job: Job) -> int | None:
        """How many jobs come before it; None = it does not wait."""
        return list(self._queue).index(job) if job.state is State.queued else None

    def eta(self, job: Job) -> float | None:
        """Seconds until it is done, those before it included; None = not known yet."""
        expected = self._pace.expect(job.kind, job.pixels)
        if job.state is State.running:
            done, total = job.tiles
            if 0 < done < total:
                return job.seconds * (total - done) / done
            return None if expected is None else max(expected - job.seconds, 0.0)
        if job.state is not State.queued or expected is None:
            return None
        before = [*self._runs, *itertools.takewhile(lambda other: other is not job, self._queue)]
        times = [
            self.eta(other)
            if other.state is State.running
            else self._pace.expect(other.kind, other.pixels)
            for other in before
        ]
        known = [seconds for seconds in times if seconds is not None]
        if len(known) < len(times):
            return None
        return expected + sum(known) / len(self._processes)

    def expires(self, job: Job) -> float | None:
        """Seconds until it is forgotten; None = it is not over."""
        if job.ended is None:
            return None
        return max(job.ended + self._limits.keep_seconds - time.monotonic(), 0.0)

    @contextlib.contextmanager
    def hold(self, job: Job) -> Generator[None]:
        """Its files are needed: it is not forgotten for its age, and they stay if it is deleted."""
        job.holders += 1
        try:
            yield
        finally:
            job.holders -= 1
            self._delete_files(job)

    def remove(self, job: Job) -> None:
        """Forget a job; one that is worked at is stopped."""
        self._cancel(job, Problem(404, "it was deleted"))
        self._jobs.pop(job.id, None)
        self._delete_files(job)

    def cancel_all(self) -> None:
        """Stop all work: the server ends, and those who wait for a job get an answer."""
        for job in list(self._jobs.values()):
            self._cancel(job, Problem(503, "the server is ending"))

    def _cancel(self, job: Job, problem: Problem) -> None:
        if job.ended is not None:
            return
        self._queue.remove(job)
        if job in self._runs:
            self._runs[job].cancel()
        self._metrics.jobs.labels("cancelled").inc()
        job.end(problem)

    def _delete_files(self, job: Job) -> None:
        """Delete the files of a job that was removed, once they are no longer in use."""
        if job.id not in self._jobs and job not in self._runs and not job.holders:
            shutil.rmtree(job.folder, ignore_errors=True)

    async def _work(self, process: WorkerProcess) -> None:
        """Take jobs from the queue for ever."""
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            job = self._queue.take()
            job.state = State.running
            run = self._runs[job] = asyncio.create_task(self._run(job, process))
            try:
                await asyncio.wait([run])
            finally:
                del self._runs[job]
                self._delete_files(job)

    async def _run(self, job: Job, process: WorkerProcess) -> None:
        try:
            job.end(answer=await self._answer(job, process))
        except Problem as problem:
            job.end(problem)
        except Exception as error:  # of any kind: no client shall wait for ever
            _log.exception("a job failed")
            job.end(Problem(500, f"unexpected {type(error).__name__}"))
        job.measure()
        self._metrics.count_end(job.state, job.kind, job.pixels, job.seconds)
        self._make_room()

    async def _answer(self, job: Job, process: WorkerProcess) -> Answer:
        def on_tile(done: int, total: int) -> None:
            job.tiles = (done, total)

        limit = self._limits.seconds
        try:
            await process.start()  # anew after one that was killed: not of this picture's time
            job.started = time.monotonic()
            async with asyncio.timeout(limit):
                answer = await process.perform(job.task, on_tile)
        except TimeoutError as error:
            raise Problem(503, f"took longer than the {limit:g} s allowed here") from error
        except TaskError as error:
            raise error.problem() from error
        except JCARSRError as error:
            raise Problem(500, str(error)) from error
        size = Path(job.task.result).stat().st_size
        if size > self._limits.keep_bytes:
            most = format_bytes(self._limits.keep_bytes)
            raise Problem(413, f"a result of {format_bytes(size)}, more than the {most} kept here")
        self._pace.learn(job.kind, job.pixels, job.seconds)
        return answer | {"bytes": size}

    async def _sweep(self) -> None:
        """Forget what is old, for ever."""
        while True:
            await asyncio.sleep(min(_SWEEP_SECONDS, self._limits.keep_seconds))
            for job in list(self._jobs.values()):
                if self.expires(job) == 0 and not job.holders:
                    self.remove(job)
            self._make_room()

    def _make_room(self) -> None:
        """Forget the oldest of what is over until the rest fits."""
        over = [job for job in self._jobs.values() if job.ended is not None and not job.holders]
        excess = self.kept_bytes - self._limits.keep_bytes
        for job in sorted(over, key=lambda job: job.ended or 0.0)[:-1]:
            if excess <= 0:
                break
            excess -= job.file_bytes
            self.remove(job)
