import asyncio
from typing import Any

import pytest

from jcarsr.errors import JCARSRError
from jcarsr.web.limits import Limits
from jcarsr.web.looks import Looks
from jcarsr.web.problems import Problem
from jcarsr.web.process import TaskError
from jcarsr.web.tasks import Answer, Convert, Inspect, Task

pytestmark = pytest.mark.anyio
WAIT = 60  # seconds after which what should have happened has not
NEVER = 3600.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Process:
    """Takes as many seconds for a task as the task's file is named; notes what it was given."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.error: Exception | None = None

    async def start(self) -> None:
        pass

    async def perform(self, task: Any) -> Answer:
        self.done.append(task.source)
        if self.error is not None:
            raise self.error
        await asyncio.sleep(float(task.source.partition(" ")[0]))
        return {"source": task.source}


def look(seconds: float, name: str = "") -> Task:
    return Inspect(source=f"{seconds} {name}", scale=2, weights="auto")


def lanes(quick: int = 1, **limits: Any) -> tuple[Looks, list[Process], Process]:
    processes, slow = [Process() for _ in range(quick)], Process()
    looks: Any = Looks(processes, [slow], Limits(**limits))  # type: ignore[arg-type]
    return looks, processes, slow


async def begin(looks: Looks, *tasks: Task, client: str = "") -> list[asyncio.Task[Answer]]:
    running = [asyncio.create_task(looks.perform(task, client)) for task in tasks]
    await asyncio.sleep(0)
    return running


async def cancel(running: list[asyncio.Task[Answer]]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_slow_ones_hold_no_others() -> None:
    """More of them than there are processes, before one that is quick."""
    looks, (first, second), slow = lanes(2, quick_seconds=0.02, look_seconds=NEVER)
    held = await begin(looks, *(look(NEVER, str(n)) for n in range(6)))
    async with asyncio.timeout(WAIT):
        assert await looks.perform(look(0, "good")) == {"source": "0 good"}
    assert len(first.done) + len(second.done) == 7
    assert len(slow.done) == 1
    await cancel(held)


async def test_waiting_is_not_the_pictures_time() -> None:
    """Each may work for half a second, the last of them waits for longer than that."""
    looks, _, _ = lanes(quick_seconds=NEVER, look_seconds=0.5)
    looks_slow = await begin(looks, *(look(0.2, str(n)) for n in range(5)))
    async with asyncio.timeout(WAIT):
        answers = await asyncio.gather(*looks_slow)
    assert [answer["source"][-1] for answer in answers] == ["0", "1", "2", "3", "4"]


async def test_a_turn_that_does_not_come() -> None:
    looks, (process,), _ = lanes(quick_seconds=10, look_wait_seconds=0.02, look_seconds=NEVER)
    held = await begin(looks, look(NEVER))
    with pytest.raises(Problem) as busy:
        await looks.perform(look(0))
    assert busy.value.status_code == 503
    assert busy.value.headers == {"Retry-After": "5"}
    assert len(process.done) == 1
    await cancel(held)
    assert await looks.perform(look(0)) == {"source": "0 "}  # its place in the queue is gone


@pytest.mark.parametrize(
    ("task", "status", "detail"),
    [
        (look(NEVER), 422, "took too long to be read"),
        (Convert(source=f"{NEVER}", result="", quality=1), 503, "took longer than the 0.02 s"),
    ],
)
async def test_too_much_work(task: Task, status: int, detail: str) -> None:
    looks, _, slow = lanes(quick_seconds=0.01, look_seconds=0.02)
    with pytest.raises(Problem, match=detail) as problem:
        await looks.perform(task)
    assert problem.value.status_code == status
    assert len(slow.done) == 1


async def test_clients_take_turns() -> None:
    looks, (process,), _ = lanes()
    tasks = await begin(looks, *(look(0.01, f"a{n}") for n in range(4)), client="a")
    tasks += await begin(looks, *(look(0.01, f"b{n}") for n in range(2)), client="b")
    await asyncio.gather(*tasks)
    assert [name[-2:] for name in process.done] == ["a0", "a1", "b0", "a2", "b1", "a3"]


async def test_not_too_many_wait() -> None:
    """Eight in all, six of one client."""
    looks, _, _ = lanes(looks=8, quick_seconds=NEVER - 1, look_seconds=NEVER)
    held = await begin(looks, *(look(NEVER) for _ in range(6)), client="a")
    with pytest.raises(Problem, match="too many pictures are being looked at"):
        await looks.perform(look(0), "a")
    held += await begin(looks, *(look(NEVER) for _ in range(2)), client="b")
    with pytest.raises(Problem) as busy:
        await looks.perform(look(0), "c")
    assert (busy.value.status_code, busy.value.headers) == (503, {"Retry-After": "5"})
    await cancel(held)
    assert looks._counts == {}
    assert await looks.perform(look(0), "a") == {"source": "0 "}


async def test_those_who_left_while_they_waited() -> None:
    looks, (process,), _ = lanes()
    held = await begin(looks, look(0.05), look(0, "left"), look(0, "stays"))
    held[1].cancel()
    async with asyncio.timeout(WAIT):
        assert await held[2] == {"source": "0 stays"}
    assert [name.split()[1:] for name in process.done] == [[], ["stays"]]


@pytest.mark.parametrize(
    ("error", "status"),
    [(TaskError(422, "no picture"), 422), (JCARSRError("takes too long to start"), 500)],
)
async def test_failing(error: Exception, status: int) -> None:
    looks, (process,), slow = lanes()
    process.error = error
    for _ in range(3):  # the process is there for the next one
        with pytest.raises(Problem) as problem:
            await looks.perform(look(0))
        assert (problem.value.status_code, problem.value.detail) == (status, str(error))
    assert slow.done == []
