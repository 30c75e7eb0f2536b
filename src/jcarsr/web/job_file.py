"""An answer with a job's file, which stays until it is sent."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, suppress
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from jcarsr.image.formats import media_type_of
from jcarsr.web.job import Job
from jcarsr.web.service import Service

_CHUNK = 2**16  # bytes that are sent at once


class JobFile(Response):
    """Sends one of a job's files; `forget` removes the job afterwards."""

    def __init__(self, path: Path, job: Job, service: Service, *, forget: bool = False) -> None:
        self._patience = service.limits.idle_seconds
        self._kept = ExitStack()
        if forget:
            self._kept.callback(service.jobs.remove, job)
        self._kept.enter_context(service.jobs.hold(job))
        self._file = self._kept.enter_context(path.open("rb"))
        answer = job.answer or {}
        super().__init__(
            headers={
                "Content-Length": str(path.stat().st_size),
                "Jcarsr-Weights": answer["weights"],
                "Jcarsr-Notes": json.dumps(job.notes.get(path.name, answer["notes"])),
            },
            media_type=media_type_of(path),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        with self._kept, suppress(TimeoutError):  # who takes nothing for so long gets no more
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            while chunk := await asyncio.to_thread(self._file.read, _CHUNK):
                async with asyncio.timeout(self._patience):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
