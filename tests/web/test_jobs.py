import asyncio

import pytest
from support.jobs import Make, Process, Working, done, over, until

from jcarsr.web.job import Job, State
from jcarsr.web.problems import Problem

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


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
