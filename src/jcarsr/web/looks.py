"""Quick tasks that take no network: reading headers, bicubic scaling, saving anew.

They are done in a quick lane of a few processes, where each may take a short time. What takes
longer is begun again in the slow lane: pictures that are slow to read hold only each other.
Waiting is never counted as a picture's own time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from jcarsr.errors import JCARSRError
from jcarsr.web.clients import largest_share
from jcarsr.web.limits import Limits
from jcarsr.web.problems import Problem
from jcarsr.web.process import TaskError, WorkerProcess
from jcarsr.web.tasks import Answer, Inspect, Task
from jcarsr.web.turns import FairQueue


class Looks:
    """Both lanes.

    Args:
        quick: processes for what takes less than `limits.quick_seconds`; started when needed.
        slow: processes for the rest.
        limits: of seconds, and of how many tasks wait.
    """

    def __init__(
        self, quick: Sequence[WorkerProcess], slow: Sequence[WorkerProcess], limits: Limits
    ) -> None:
        self._quick, self._slow = _Lane(quick), _Lane(slow)
        self._limits = limits
        self._counts = Counter[str]()  # of each client, waiting or at work

    async def perform(self, task: Task, client: str = "") -> Answer:
        """Do a task.

        Raises:
            Problem: it failed or took too long; or too much waits, for it or before it.
        """
        most = self._limits.looks
        if self._counts.total() >= most or self._counts[client] >= largest_share(most):
            raise _busy()
        self._counts[client] += 1
        try:
            return await self._perform(task, client)
        except TaskError as error:
            raise error.problem() from error
        except JCARSRError as error:
            raise Problem(500, str(error)) from error
        finally:
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]

    async def _perform(self, task: Task, client: str) -> Answer:
        seconds, wait = self._limits.look_seconds, self._limits.look_wait_seconds
        quick = self._limits.quick_seconds
        try:
            if quick < seconds:
                try:
                    return await self._quick.perform(task, client, quick, wait)
                except _TooLongError:
                    pass
            return await self._slow.perform(task, client, seconds, wait)
        except _TooLongError as error:
            if isinstance(task, Inspect):
                raise Problem(422, "took too long to be read") from error
            raise Problem(503, f"took longer than the {seconds:g} s allowed here") from error


class _TooLongError(Exception):
    """A task needs more time than it may take."""


class _Lane:
    """Processes, and tasks that wait for one of them; clients take turns."""

    def __init__(self, processes: Sequence[WorkerProcess]) -> None:
        self._free = list(reversed(processes))  # the first is taken first, and started first
        self._waiting = FairQueue[asyncio.Future[WorkerProcess]]()

    async def perform(self, task: Task, client: str, seconds: float, wait: float) -> Answer:
        """Do a task when its turn comes.

        Raises:
            Problem: 503, its turn did not come in `wait` seconds.
            _TooLongError: it took more than `seconds` of work.
            TaskError, JCARSRError: it failed.
        """
        process = await self._turn(client, wait)
        try:
            await process.start()  # anew after one that was killed: not of this picture's time
            async with asyncio.timeout(seconds):
                return await process.perform(task)
        except TimeoutError as error:
            raise _TooLongError from error
        finally:
            self._give(process)

    async def _turn(self, client: str, wait: float) -> WorkerProcess:
        if self._free:
            return self._free.pop()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.add(turn, client)
        try:
            async with asyncio.timeout(wait):
                return await turn
        except BaseException as error:
            self._waiting.remove(turn)
            if turn.done() and not turn.cancelled():  # it came in the same moment
                self._give(turn.result())
            if isinstance(error, TimeoutError):
                raise _busy() from error
            raise

    def _give(self, process: WorkerProcess) -> None:
        """Let the next one have a process."""
        while self._waiting:
            turn = self._waiting.take()
            if not turn.done():
                turn.set_result(process)
                return
        self._free.append(process)


def _busy() -> Problem:
    return Problem(503, "too many pictures are being looked at", {"Retry-After": "5"})
