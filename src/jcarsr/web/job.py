"""One job: a picture to be restored, and what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from jcarsr.web.problems import Problem
from jcarsr.web.tasks import Answer, Restore


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
    notes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What could not be kept, of files that were made of the result, by their names."""
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
