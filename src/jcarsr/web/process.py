"""The server's end of a restoring process: started when needed, killed when it must stop."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict
from typing import Any

from jcarsr.errors import JCARSRError
from jcarsr.progress import OnTile, ignore_progress
from jcarsr.web.problems import FULL_SECONDS, Problem
from jcarsr.web.tasks import Answer, Task
from jcarsr.web.worker import WorkerSettings

_LONGEST_LINE = 2**22  # bytes
_START_SECONDS = 120.0


class TaskError(Exception):
    """A task that failed: an HTTP status, one line, and whether the picture can be salvaged."""

    def __init__(self, status: int, detail: str, *, salvage: bool = False) -> None:
        super().__init__(detail)
        self.status, self.detail, self.salvage = status, detail, salvage

    def problem(self) -> Problem:
        """Return it as an answer; a full disk (503) is worth trying again."""
        headers = {"Retry-After": FULL_SECONDS} if self.status == 503 else None
        return Problem(self.status, self.detail, headers, salvage=self.salvage)


class WorkerProcess:
    """One process, one task at a time.

    A caller that is cancelled, by a time limit for example, leaves no process at work behind.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Have a process that is ready.

        Raises:
            JCARSRError: it cannot be started; says why.
        """
        if self._process is not None and self._process.returncode is None:
            return
        said = json.dumps(asdict(self._settings))
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jcarsr.web.worker", said),
            stdin=PIPE,
            stdout=PIPE,
            limit=_LONGEST_LINE,
            start_new_session=True,  # the server alone gets Ctrl-C
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                event = await self._hear()
        except TimeoutError as error:
            await self.stop()
            raise JCARSRError("a restoring process takes too long to start") from error
        except BaseException:
            await self.stop()
            raise
        if event["event"] != "ready":
            await self.stop()
            raise JCARSRError(event["detail"])

    async def perform(self, task: Task, on_tile: OnTile = ignore_progress) -> Answer:
        """Do a task, after those that were asked for before.

        Raises:
            TaskError: it failed, or the process ended.
            JCARSRError: no process can be started.
        """
        async with self._turn:
            await self.start()
            try:
                event = await self._ask(task, on_tile)
            except BaseException:
                await self.stop()
                raise
            if event["event"] == "failed":
                raise TaskError(event["status"], event["detail"], salvage=event["salvage"])
            return event["answer"]

    async def stop(self) -> None:
        """End the process, also while it works."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def _ask(self, task: Task, on_tile: OnTile) -> dict[str, Any]:
        assert self._process is not None and self._process.stdin is not None
        said = {"task": type(task).__name__, **asdict(task)}
        try:
            self._process.stdin.write(json.dumps(said).encode() + b"\n")
            await self._process.stdin.drain()
        except OSError as error:
            raise await self._death_of_process() from error
        while (event := await self._hear())["event"] == "progress":
            on_tile(event["done"], event["total"])
        return event

    async def _hear(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise await self._death_of_process()
        return json.loads(line)

    async def _death_of_process(self) -> TaskError:
        assert self._process is not None
        code = await self._process.wait()
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return TaskError(500, f"the restoring process ended {how}")
