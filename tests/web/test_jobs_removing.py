import asyncio
import random
from pathlib import Path

import pytest
from support.jobs import WAIT, Make, Process, Working, done, over, until

from jcarsr.errors import JCARSRError
from jcarsr.web.job import Job, State
from jcarsr.web.problems import Problem
from jcarsr.web.process import TaskError

pytestmark = pytest.mark.anyio


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
            with jobs.hold(job):
                with jobs.hold(job):
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
            with jobs.hold(read):
                await done(left, process)
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
                await until(lambda: jobs.kept_bytes <= 350)
                kept.append("".join(j.folder.name for j in made if j.id in jobs._jobs))
            assert kept == ["0", "01", "012", "123", "234"]
            assert not made[1].folder.exists()
            assert jobs.kept_bytes == 300

    async def test_what_is_being_read_stays(self, process: Process, make: Make) -> None:
        async with Working(process, keep_bytes=250) as jobs:
            first, second, third = made = [make(number) for number in range(3)]
            jobs.add(first)
            await done(first, process)
            with jobs.hold(first):
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
                    with jobs.hold(chance.choice(known)):
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
