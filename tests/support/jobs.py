"""Jobs and processes that do as a test says."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jcarsr.web.job import Job
from jcarsr.web.jobs import Jobs
from jcarsr.web.limits import Limits
from jcarsr.web.metrics import Metrics
from jcarsr.web.tasks import Answer, Restore, Task

WAIT = 30  # seconds after which what should have happened has not


class Process:
    """Does a task when it is let, and writes as many bytes as the task's quality says."""

    def __init__(self) -> None:
        self.performed: list[str] = []
        self.let = asyncio.Semaphore(0)
        self.begun = asyncio.Semaphore(0)
        self.stopped = 0
        self.now = self.most = 0  # tasks at once
        self.error: BaseException | None = None
        self.start_seconds = 0.0
        self.alive = False

    async def start(self) -> None:
        if not self.alive:
            await asyncio.sleep(self.start_seconds)
            self.alive = True

    async def perform(self, task: Task, on_tile: Callable[[int, int], None]) -> Answer:
        assert isinstance(task, Restore)
        await self.start()
        self.performed.append(Path(task.source).parent.name)
        self.now += 1
        self.most = max(self.most, self.now)
        self.begun.release()
        on_tile(0, 4)
        try:
            await self.let.acquire()
        except asyncio.CancelledError:
            self.stopped += 1
            self.alive = False
            raise
        finally:
            self.now -= 1
        if self.error:
            raise self.error
        Path(task.result).write_bytes(bytes(task.quality))
        return {"width": 1}


Make = Callable[..., Job]


class Working:
    """Jobs at work while the context lasts."""

    def __init__(self, *processes: Process, **limits: Any) -> None:
        self.metrics = Metrics()
        self.jobs = Jobs(list(processes), Limits(**limits), self.metrics)  # type: ignore[arg-type]

    async def __aenter__(self) -> Jobs:
        await self.jobs.start()
        return self.jobs

    async def __aexit__(self, *error: object) -> None:
        await self.jobs.stop()

    def count(self, state: str) -> float:
        return self.metrics.jobs.labels(state)._value.get()


async def over(job: Job) -> None:
    async with asyncio.timeout(WAIT):
        await job.ready.wait()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not true():
            await asyncio.sleep(0.002)


def done(job: Job, process: Process) -> Any:
    process.let.release()
    return over(job)
