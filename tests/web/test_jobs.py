import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jcarsr.errors import JCARSRError
from jcarsr.web import jobs as module
from jcarsr.web.jobs import Job, Jobs, State
from jcarsr.web.limits import Limits
from jcarsr.web.metrics import Metrics
from jcarsr.web.problems import Problem
from jcarsr.web.process import TaskError
from jcarsr.web.tasks import Answer, Restore, Task

pytestmark = pytest.mark.anyio
WAIT = 30  # seconds after which what should have happened has not


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


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


@pytest.fixture
def process() -> Process:
    return Process()


Make = Callable[..., Job]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Jobs named by numbers, whose upload has 10 bytes."""

    def make(number: int, *, pixels: int = 100, bytes: int = 90, scale: int = 2) -> Job:
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "upload").write_text("0123456789")
        source, result = str(folder / "upload"), str(folder / "result.png")
        task = Restore(source=source, result=result, scale=scale, weights="auto", quality=bytes)
        return Job(task=task, folder=folder, pixels=pixels)

    return make


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


async def over_all(jobs: list[Job], process: Process) -> None:
    for _ in jobs:
        process.let.release()
    for job in jobs:
        await over(job)


class TestQueue:
    async def test_jobs_are_done_in_the_order_in_which_they_came(
        self, process: Process, make: Make
    ) -> None:
        async with Working(process) as jobs:
            made = [make(number) for number in range(5)]
            for job in made:
                jobs.add(job)
            assert [jobs.position(job) for job in made] == [0, 1, 2, 3, 4]
            await process.begun.acquire()
            assert [jobs.position(job) for job in made] == [None, 0, 1, 2, 3]
            assert (jobs.queued, jobs.running) == (4, 1)
            assert [job.state for job in made[:2]] == [State.running, State.queued]
            for job in made:
                await done(job, process)
            assert process.performed == ["0", "1", "2", "3", "4"]
            assert {job.state for job in made} == {State.done}
            assert made[0].answer == {"width": 1, "bytes": 90}

    async def test_as_many_at_once_as_there_are_processes(self, make: Make) -> None:
        processes = [Process(), Process()]
        async with Working(*processes) as jobs:
            made = [make(number) for number in range(6)]
            for job in made:
                jobs.add(job)
            for process in processes:
                await process.begun.acquire()
            assert (jobs.queued, jobs.running) == (4, 2)
            for process in processes:
                for _ in made:
                    process.let.release()
            for job in made:
                await over(job)
            assert [process.most for process in processes] == [1, 1]

    async def test_a_full_queue_takes_no_more(self, process: Process, make: Make) -> None:
        working = Working(process, queue=2)
        async with working as jobs:
            for number in range(3):
                jobs.add(make(number))
                await asyncio.sleep(0)
                await until(lambda: jobs.running == 1)
            with pytest.raises(Problem, match="2 pictures are waiting already") as caught:
                jobs.add(make(3))
            assert caught.value.status_code == 503
            assert caught.value.headers == {"Retry-After": "5"}  # nothing better is known
            assert working.count("refused") == 1
            process.let.release()
            await until(lambda: jobs.queued == 1)
            jobs.add(make(4))

    async def test_clients_take_turns(self, process: Process, make: Make) -> None:
        async with Working(process) as jobs:
            for number, client in enumerate("aaabb"):
                job = make(number)
                job.client = client
                jobs.add(job)
            assert [jobs.position(jobs.find(job.id)) for job in jobs._jobs.values()] == [
                0,
                2,
                4,
                1,
                3,
            ]
            await over_all(list(jobs._jobs.values()), process)
            assert process.performed == ["0", "3", "1", "4", "2"]

    async def test_one_client_does_not_fill_the_queue(self, process: Process, make: Make) -> None:
        async with Working(process, queue=4) as jobs:
            for number in range(4):
                jobs.add(make(number))
                await until(lambda: jobs.running == 1)
            with pytest.raises(Problem, match="3 pictures from this address") as refused:
                jobs.add(make(4))
            assert refused.value.status_code == 503
            other = make(5)
            other.client = "another"
            jobs.add(other)
            assert jobs.position(other) == 1

    async def test_names_cannot_be_guessed(self, make: Make) -> None:
        names = {make(number).id for number in range(1000)}
        assert len(names) == 1000
        assert {len(name) for name in names} == {32}  # of 64 characters: 192 bits
        assert all(name.replace("-", "").replace("_", "").isalnum() for name in names)
        shared = [sum(a == b for a, b in zip(*pair, strict=True)) for pair in _pairs(names)]
        assert max(shared) < 12  # characters that two have in the same place

    async def test_unknown_names(self, make: Make) -> None:
        async with Working(Process()) as jobs:
            jobs.add(make(0))
            for name in ("", "0", "../0", make(1).id):
                with pytest.raises(Problem, match="no such job") as caught:
                    jobs.find(name)
                assert caught.value.status_code == 404


def _pairs(names: set[str]) -> list[tuple[str, str]]:
    ordered = sorted(names)
    return list(zip(ordered[1:], ordered, strict=False))


class TestTime:
    """With a clock that a test turns."""

    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
        clock = SimpleNamespace(now=1000.0)
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


class TestRemoving:
    async def test_waiting(self, process: Process, make: Make) -> None:
        working = Working(process)
        async with working as jobs:
            first, second, third = made = [make(number) for number in range(3)]
            for job in made:
                jobs.add(job)
            await process.begun.acquire()
            jobs.remove(second)
            assert not second.folder.exists()
            assert second.ready.is_set()  # whoever waits for it is told
            assert second.problem is not None
            assert second.problem.status_code == 404
            await done(first, process)
            await done(third, process)
            assert process.performed == ["0", "2"]
            assert (working.count("cancelled"), working.count("done")) == (1, 2)

    async def test_worked_at(self, process: Process, make: Make) -> None:
        working = Working(process)
        async with working as jobs:
            first, second = make(0), make(1)
            jobs.add(first)
            jobs.add(second)
            await process.begun.acquire()
            jobs.remove(first)
            with pytest.raises(Problem):
                jobs.find(first.id)
            await until(lambda: not first.folder.exists())
            assert process.stopped == 1
            await done(second, process)
            assert (working.count("cancelled"), working.count("done")) == (1, 1)

    async def test_in_the_moment_in_which_it_is_worked_at(
        self, process: Process, make: Make
    ) -> None:
        """Before its work has had a turn."""
        async with Working(process) as jobs:
            job = make(0)
            jobs.add(job)
            await until(lambda: job.state is State.running)
            jobs.remove(job)
            await until(lambda: not job.folder.exists())
            await until(lambda: jobs.running == 0)

    @pytest.mark.parametrize("error", [None, TaskError(422, "no")])
    async def test_in_the_moment_in_which_it_is_over(
        self, process: Process, make: Make, error: Exception | None
    ) -> None:
        """As a request does that waited for it."""
        process.error = error
        async with Working(process) as jobs:
            job = make(0)
            jobs.add(job)

            async def wait() -> None:
                await job.ready.wait()
                jobs.remove(job)

            waiting = asyncio.create_task(wait())
            await process.begun.acquire()
            process.let.release()
            await asyncio.wait_for(waiting, WAIT)
            await until(lambda: not job.folder.exists())

    async def test_twice(self, process: Process, make: Make) -> None:
        working = Working(process)
        async with working as jobs:
            job = make(0)
            jobs.add(job)
            jobs.remove(job)
            jobs.remove(job)
            assert working.count("cancelled") == 1

    async def test_files_stay_while_they_are_read(self, process: Process, make: Make) -> None:
        async with Working(process) as jobs:
            job = make(0)
            jobs.add(job)
            await done(job, process)
            with jobs.held(job):
                with jobs.held(job):
                    jobs.remove(job)
                assert (job.folder / "result.png").stat().st_size == 90
            await until(lambda: not job.folder.exists())

    async def test_all_work_at_the_end(self, process: Process, make: Make) -> None:
        async with Working(process) as jobs:
            made = [make(number) for number in range(3)]
            for job in made:
                jobs.add(job)
            await process.begun.acquire()
            await done(made[0], process)
            await process.begun.acquire()
            jobs.cancel_all()
            assert [job.state for job in made] == [State.done, State.failed, State.failed]
            for job in made[1:]:
                assert job.ready.is_set()
                assert job.problem is not None
                assert (job.problem.status_code, job.problem.detail) == (
                    503,
                    "the server is ending",
                )
            await until(lambda: process.stopped == 1)
            assert jobs.queued == 0


class TestFailing:
    @pytest.mark.parametrize(
        ("error", "status", "detail"),
        [
            (TaskError(422, "a line"), 422, "a line"),
            (TaskError(500, "it ended by SIGKILL"), 500, "it ended by SIGKILL"),
            (JCARSRError("cannot start"), 500, "cannot start"),
            (OSError(24, "Too many open files"), 500, "unexpected OSError"),
            (ZeroDivisionError(), 500, "unexpected ZeroDivisionError"),
        ],
    )
    async def test_the_job_alone(
        self, process: Process, make: Make, error: Exception, status: int, detail: str
    ) -> None:
        process.error = error
        working = Working(process)
        async with working as jobs:
            job, next_one = make(0), make(1)
            jobs.add(job)
            jobs.add(next_one)
            await done(job, process)
            assert (job.state, job.answer) == (State.failed, None)
            assert job.problem is not None
            assert (job.problem.status_code, job.problem.detail) == (status, detail)
            process.error = None
            await done(next_one, process)
            assert next_one.state is State.done
            assert (working.count("failed"), working.count("done")) == (1, 1)

    async def test_too_slow(self, process: Process, make: Make) -> None:
        async with Working(process, seconds=0.05) as jobs:
            slow, next_one = make(0), make(1)
            jobs.add(slow)
            jobs.add(next_one)
            await over(slow)
            assert slow.problem is not None
            assert slow.problem.status_code == 503
            assert slow.problem.detail == "took longer than the 0.05 s allowed here"
            assert process.stopped == 1
            await done(next_one, process)
            assert next_one.state is State.done

    async def test_a_result_larger_than_all_that_is_kept(
        self, process: Process, make: Make
    ) -> None:
        async with Working(process, keep_bytes=2048) as jobs:
            job = make(0, bytes=3 * 1024)
            jobs.add(job)
            await done(job, process)
            assert job.problem is not None
            assert job.problem.status_code == 413
            assert job.problem.detail == ("a result of 3.0 KiB, more than the 2.0 KiB kept here")


class TestKeeping:
    async def test_for_a_time(self, process: Process, make: Make) -> None:
        async with Working(process, keep_seconds=0.1) as jobs:
            read, left, waiting = made = [make(number) for number in range(3)]
            for job in made:
                jobs.add(job)
            await done(read, process)
            await done(left, process)
            with jobs.held(read):
                await until(lambda: not left.folder.exists())
                await asyncio.sleep(0.3)
                assert jobs.find(read.id) is read
                assert read.folder.exists()
            with pytest.raises(Problem):
                jobs.find(left.id)
            await until(lambda: not read.folder.exists())
            assert jobs.find(waiting.id) is waiting  # it is not over

    async def test_so_much(self, process: Process, make: Make) -> None:
        """Each takes 100 bytes, its upload included: three fit, the oldest goes first."""
        async with Working(process, keep_bytes=350) as jobs:
            made = [make(number) for number in range(5)]
            kept = []
            for job in made:
                jobs.add(job)
                await done(job, process)
                await asyncio.sleep(0.01)
                kept.append("".join(j.folder.name for j in made if j.id in jobs._jobs))
                assert jobs.kept_bytes <= 350
            assert kept == ["0", "01", "012", "123", "234"]
            assert not made[1].folder.exists()
            assert jobs.kept_bytes == 300

    async def test_what_is_being_read_stays(self, process: Process, make: Make) -> None:
        async with Working(process, keep_bytes=250) as jobs:
            first, second, third = made = [make(number) for number in range(3)]
            jobs.add(first)
            await done(first, process)
            with jobs.held(first):
                for job in made[1:]:
                    jobs.add(job)
                    await done(job, process)
                await until(lambda: not second.folder.exists())
                assert first.folder.exists()
                assert third.folder.exists()

    async def test_the_newest_stays_though_uploads_take_all(
        self, process: Process, make: Make
    ) -> None:
        async with Working(process, keep_bytes=95) as jobs:
            made = [make(number) for number in range(8)]
            for job in made:
                jobs.add(job)
            await done(made[0], process)
            await asyncio.sleep(0.01)
            assert made[0].folder.exists()
            await done(made[1], process)
            await until(lambda: not made[0].folder.exists())
            assert made[1].folder.exists()


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_clients_do(make: Make, tmp_path: Path, seed: int) -> None:
    """A random history: at its end there are the folders of the jobs that are known, no others."""
    chance = random.Random(seed)
    processes = [Process() for _ in range(2)]
    async with Working(*processes, queue=4, keep_bytes=600) as jobs:
        made: list[Job] = []
        for step in range(150):
            known = [job for job in made if job.id in jobs._jobs]
            match chance.randrange(6):
                case 0 | 1:
                    job = make(step, bytes=chance.randrange(1, 200))
                    try:
                        jobs.add(job)
                        made.append(job)
                    except Problem:
                        (job.folder / "upload").unlink()
                        job.folder.rmdir()
                case 2 if known:
                    jobs.remove(chance.choice(known))
                case 3:
                    process = chance.choice(processes)
                    process.error = chance.choice([None, TaskError(422, "no"), OSError()])
                    process.let.release()
                case 4 if known:
                    with jobs.held(chance.choice(known)):
                        await asyncio.sleep(0)
                        jobs.remove(chance.choice(known))
                case _:
                    for _ in range(chance.randrange(5)):
                        await asyncio.sleep(0)
            assert jobs.queued <= 4
            assert jobs.running <= 2
        for process in processes:
            process.error = None
            for _ in range(150):
                process.let.release()
        await until(lambda: jobs.queued == jobs.running == 0)
        known = [job for job in made if job.id in jobs._jobs]
        assert {path.name for path in tmp_path.iterdir()} == {job.folder.name for job in known}
        assert all(job.ready.is_set() for job in made)
        assert jobs.kept_bytes == sum(
            file.stat().st_size for job in known for file in job.folder.iterdir()
        )
        performed = [name for process in processes for name in process.performed]
        assert len(performed) == len(set(performed))
        assert [process.most for process in processes] == [1, 1]


async def test_kind_is_what_time_depends_on(make: Make) -> None:
    one, other = make(0), make(1, scale=4)
    assert one.kind != other.kind
    gradient = Restore(source="", result="", scale=2, weights="auto", output="gradient")
    assert Job(task=gradient, folder=Path(), pixels=1).kind != one.kind
