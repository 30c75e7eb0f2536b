"""The server without HTTP: uploads become jobs, jobs become files in a temporary folder."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeAlias

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import JCARSRError
from jcarsr.image.formats import LOSSY, format_of
from jcarsr.protocols import Scale
from jcarsr.web import problems
from jcarsr.web.folder import locked_folder, remove_stale
from jcarsr.web.job import Job, State
from jcarsr.web.jobs import Jobs
from jcarsr.web.limits import Limits
from jcarsr.web.looks import Looks
from jcarsr.web.metrics import Metrics
from jcarsr.web.network_size import NetworkSize
from jcarsr.web.problems import Problem
from jcarsr.web.process import TaskError, WorkerProcess
from jcarsr.web.tasks import Answer, Convert, Enlarge, Inspect, Restore, Task
from jcarsr.web.worker import WorkerSettings

_QUICK = 2  # processes that look at pictures; one more looks at what takes long
_CONVERTED = "converted-"  # how files begin that are made of a result, with quality and shares
_MOST_CONVERTED = 8  # of them for a job: a client may ask for each of a million

MakeTask: TypeAlias = Callable[[str, str], Restore]
"""(the upload's file, the result's file without extension) -> what is to be done with them."""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """How a server is run."""

    workers: int = 1
    """Processes that restore, one picture each."""
    engine: EngineOptions = field(default_factory=EngineOptions)
    gpus: tuple[int, ...] = ()
    """Of CUDA, which the workers take in turn; none = as `engine` says."""
    limits: Limits = field(default_factory=Limits)
    token: str | None = field(default=None, repr=False)
    """That clients must know."""


class Service:
    """Processes, jobs and their files; an asynchronous context, in which it works.

    Raises:
        JCARSRError: on entering, no network can be run.
    """

    def __init__(self, settings: ServerSettings) -> None:
        limits, engine = settings.limits, settings.engine
        self.limits, self.metrics, self.token = limits, Metrics(), settings.token
        threads = engine.threads or max((os.cpu_count() or 1) // settings.workers, 1)
        restoring = WorkerSettings(
            max_pixels=limits.pixels,
            max_memory=limits.memory,
            warm=True,
            engine=replace(engine, threads=threads),
        )
        self._restoring = [
            WorkerProcess(replace(restoring, engine=replace(restoring.engine, gpu=gpu)))
            for gpu in islice(cycle(settings.gpus or [engine.gpu]), settings.workers)
        ]
        looking = replace(restoring, warm=False)  # loads no network
        self._quick = [WorkerProcess(looking) for _ in range(_QUICK)]
        self._slow = [WorkerProcess(looking)]
        self._processes = [*self._restoring, *self._quick, *self._slow]
        self._looks = Looks(self._quick, self._slow, limits)
        self.jobs = Jobs(self._restoring, limits, self.metrics)
        self._folder, self._own = Path(), ExitStack()
        self.metrics.watch("queue_length", "Jobs that wait.", lambda: self.jobs.queued)
        self.metrics.watch("running_jobs", "Jobs that are worked at.", lambda: self.jobs.running)
        self.metrics.watch("kept_bytes", "Size of all kept files.", lambda: self.jobs.kept_bytes)

    async def __aenter__(self) -> Service:
        first = [*self._restoring, self._quick[0]]  # the others when they are needed
        starts = (process.start() for process in first)
        ended = await asyncio.gather(*starts, return_exceptions=True)
        try:
            for error in filter(None, ended):
                raise error
            remove_stale()
            self._folder = self._own.enter_context(locked_folder())
        except (TaskError, OSError) as error:
            await self._stop_processes()
            raise JCARSRError(str(error)) from error
        except BaseException:
            await self._stop_processes()
            raise
        await self.jobs.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.jobs.stop()
        await self._stop_processes()
        self._own.close()

    async def inspect(
        self, upload: IO[bytes], scale: Scale, weights: NetworkSize, client: str = ""
    ) -> Answer:
        """Tell what a picture is.

        Raises:
            Problem: it is none, or there are no such weights.
        """
        folder = await self._store_upload(upload)
        try:
            source = str(folder / "upload")
            task = Inspect(source=source, scale=scale, weights=weights)
            return await self._looks.perform(task, client)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def submit(self, upload: IO[bytes], make: MakeTask, client: str = "") -> Job:
        """Put a picture into the queue, having looked at its header.

        Raises:
            Problem: it is no picture, too large, or the queue is full.
        """
        self.jobs.check_room(client)
        folder = await self._store_upload(upload)
        try:
            task = make(str(folder / "upload"), str(folder / "result"))
            look = Inspect(source=task.source, scale=task.scale, weights=task.weights)
            found = await self._looks.perform(look, client)
            pixels = found["width"] * found["height"] * (found["frames"] or 1)
            job = Job(task=task, folder=folder, pixels=pixels, client=client)
            self.jobs.add(job)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return job

    async def result(
        self,
        job: Job,
        format: str | None,
        quality: int | None = None,
        strength: float = 1.0,
        crisp: Job | None = None,
        share: float = 0.0,
    ) -> Path:
        """The file with a job's result, saved anew if another format or a mix is wanted.

        Args:
            job: that is done.
            format: of the file; None = as the job asked for.
            quality: of a lossy one; None = as the job asked for.
            strength: of the result in the mix with the enlarged input, from 0 to 1.
            crisp: the job whose result is mixed in before that; None = none is.
            share: of that job's result, from 0 to 1.

        Raises:
            Problem: 409, there is none yet; the job's own, if it failed; 422, the format cannot
                hold it, or it is no picture that can be mixed.
        """
        own, task = self._result_file(job), job.task
        extension = own.suffix if format is None else f".{format}"
        percent, parts = round(100 * strength), round(100 * share) if crisp else 0
        other = self._result_file(crisp) if crisp and parts else None
        quality = task.quality if quality is None else quality
        same = own.suffix == extension and (quality == task.quality or format_of(own) not in LOSSY)
        if percent == 100 and not parts and same:
            return own
        if (percent != 100 or parts) and task.output != "picture":
            raise Problem(422, f"strength: {task.output} is no picture")
        mixed = "" if percent == 100 else f"-{percent}"
        mixed += f"-{parts}-{crisp.id}" if crisp and parts else ""
        path = job.folder / f"{_CONVERTED}{quality}{mixed}{extension}"
        return await self._make_once(
            job,
            path,
            lambda new: Convert(
                source=str(own),
                result=new,
                quality=quality,
                strip_metadata=task.strip_metadata,
                strength=percent / 100,
                recorded=task.strength * percent / 100,
                crisp_result="" if other is None else str(other),
                share=parts / 100,
                recorded_crisp=task.crisp + (1 - task.crisp) * parts / 100,
                mark=task.mark,
                before=task.source if task.output == "picture" else "",
                salvage=task.salvage,
            ),
        )

    async def before(self, job: Job) -> Path:
        """The file with a job's input, enlarged by bicubic interpolation.

        Raises:
            Problem: as `result`.
        """
        self._result_file(job)
        size: dict[str, Any] = job.answer or {}
        return await self._make_once(
            job,
            job.folder / "before.png",
            lambda new: Enlarge(
                source=job.task.source,
                result=new,
                width=size["width"],
                height=size["height"],
                salvage=job.task.salvage,
            ),
        )

    def _result_file(self, job: Job) -> Path:
        if job.problem is not None:
            raise job.problem.again()
        if job.state is not State.done:
            raise Problem(409, f"not ready: the job is {job.state}")
        return Path(job.task.result)

    async def _make_once(self, job: Job, path: Path, task: Callable[[str], Task]) -> Path:
        """A file that is made of a job's own when it is first asked for."""
        if not path.exists():
            _remove_oldest(job)
            new = path.with_stem(f"new-{secrets.token_hex(8)}")
            with self.jobs.hold(job):
                try:
                    answer = await self._looks.perform(task(str(new)), job.client)
                    new.replace(path)
                    job.notes[path.name] = answer.get("notes", [])
                finally:
                    new.unlink(missing_ok=True)
                job.measure()
            self.jobs.find(job.id)  # it may have been deleted meanwhile
        return path

    async def _stop_processes(self) -> None:
        await asyncio.gather(*(process.stop() for process in self._processes))

    async def _store_upload(self, upload: IO[bytes]) -> Path:
        """A new folder with the upload in it."""
        folder = self._folder / secrets.token_hex(16)

        def copy() -> None:
            folder.mkdir()
            with (folder / "upload").open("wb") as file:
                shutil.copyfileobj(upload, file)

        try:
            await asyncio.to_thread(copy)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise problems.storage_problem(error) from error
        return folder


def _remove_oldest(job: Job) -> None:
    """Leave room for one more of the files that were made of a job's result, if none is in use."""
    if job.holders:
        return
    made = sorted(job.folder.glob(f"{_CONVERTED}*"), key=lambda path: path.stat().st_mtime_ns)
    for path in made[: max(len(made) + 1 - _MOST_CONVERTED, 0)]:
        path.unlink(missing_ok=True)
