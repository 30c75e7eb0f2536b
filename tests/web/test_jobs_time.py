import asyncio
from types import SimpleNamespace

import pytest
from support.jobs import Make, Process, Working, done, over, until

from jcarsr.web import job as job_module
from jcarsr.web import jobs as jobs_module
from jcarsr.web.job import State

pytestmark = pytest.mark.anyio


class TestTime:
    """With a clock that a test turns."""

    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
        clock = SimpleNamespace(now=1000.0)
        for module in (job_module, jobs_module):
            monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
        return clock

    async def test_eta(self, process: Process, make: Make, clock: SimpleNamespace) -> None:
        """One that took 8 s for 100 pixels teaches 0.08 s a pixel."""
        async with Working(process) as jobs:
            first = make(0, pixels=100)
            jobs.add(first)
            assert jobs.eta(first) is None  # nothing is known yet
            await process.begun.acquire()
            assert jobs.eta(first) is None
            first.tiles, clock.now = (1, 4), 1002.0
            assert (jobs.eta(first), first.seconds, first.progress) == (6.0, 2.0, 0.25)
            clock.now = 1008.0
            await done(first, process)
            assert (jobs.eta(first), first.seconds, first.progress) == (None, 8.0, 1.0)

            second, third, fourth = (make(n, pixels=p) for n, p in ((1, 200), (2, 50), (3, 10)))
            other = make(4, scale=4)  # of a kind that is not known
            last = make(5)
            for job in (second, third, fourth, other, last):
                jobs.add(job)
            await process.begun.acquire()
            assert jobs.eta(second) == 16
            clock.now = 1013.0
            assert jobs.eta(second) == 11
            assert jobs.eta(third) == pytest.approx(11 + 4)
            assert jobs.eta(fourth) == pytest.approx(11 + 4 + 0.8)
            assert jobs.eta(other) is None
            assert jobs.eta(last) is None  # behind one of which nothing is known
            assert jobs.retry_header() == {"Retry-After": "11"}
            clock.now = 1100.0
            assert jobs.eta(second) == 0  # longer than it should
            assert jobs.retry_header() == {"Retry-After": "1"}

    async def test_eta_with_two_processes(self, make: Make, clock: SimpleNamespace) -> None:
        processes = [Process(), Process()]
        async with Working(*processes) as jobs:
            first = make(0, pixels=100)
            jobs.add(first)
            await asyncio.wait(
                [asyncio.ensure_future(p.begun.acquire()) for p in processes],
                return_when=asyncio.FIRST_COMPLETED,
            )
            clock.now += 10
            for process in processes:
                process.let.release()
            await over(first)
            for process in processes:  # the one that was idle shall wait, too
                process.let = asyncio.Semaphore(0)
            made = [make(number, pixels=100) for number in (1, 2, 3)]
            for job in made:
                jobs.add(job)
            await until(lambda: jobs.running == 2)
            await until(lambda: None not in (made[0].started, made[1].started))
            assert jobs.eta(made[2]) == pytest.approx(10 + (10 + 10) / 2)

    async def test_time_left_until_it_is_forgotten(
        self, process: Process, make: Make, clock: SimpleNamespace
    ) -> None:
        async with Working(process, keep_seconds=60) as jobs:
            job = make(0)
            jobs.add(job)
            assert jobs.expires(job) is None
            await done(job, process)
            clock.now += 20
            assert jobs.expires(job) == 40
            clock.now += 100
            assert jobs.expires(job) == 0

    async def test_starting_a_process_anew_is_not_the_pictures_time(
        self, process: Process, make: Make
    ) -> None:
        """Otherwise nothing could ever be done under a short limit."""
        process.start_seconds = 0.3
        async with Working(process, seconds=0.2) as jobs:
            slow, job = make(0), make(1)
            jobs.add(slow)
            jobs.add(job)
            await over(slow)
            assert process.stopped == 1
            await done(job, process)
            assert (slow.state, job.state) == (State.failed, State.done)
            assert slow.seconds == pytest.approx(0.2, abs=0.09)
            assert job.seconds < 0.2
