"""A restoring process: a line of JSON with a task comes in, lines with progress and answer go out.

Pictures are decoded here and nowhere else, so that one that breaks a decoder, takes too long or
whose client is gone costs this process alone: it is killed, and another one started.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import JCARSRError, MemoryLimitError, PixelLimitError, StorageError, one_line
from jcarsr.image import limit_pillow
from jcarsr.web.tasks import TASKS, Performer, SalvageableError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """What a process is started with, as JSON."""

    max_pixels: int
    max_memory: int
    warm: bool
    """Load a network before the first task."""
    engine: EngineOptions

    def performer(self) -> Performer:
        """What does the tasks."""
        return Performer(self.engine, self.max_pixels, self.max_memory)


def main() -> None:
    """Do tasks until standard input ends."""
    said = json.loads(sys.argv[1])
    settings = WorkerSettings(engine=EngineOptions(**said.pop("engine")), **said)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print is for the log

    def send(event: str, **said: Any) -> None:
        answers.write(json.dumps({"event": event, **said}).encode() + b"\n")

    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # damage becomes notes
    limit_pillow(settings.max_pixels)
    performer = settings.performer()
    if settings.warm:
        try:
            performer.warm()
        except (JCARSRError, ValueError) as error:
            send("failed", status=500, detail=str(error))
            return
    send("ready")
    for line in sys.stdin.buffer:
        _do(performer, json.loads(line), settings.max_pixels, send)


def _do(
    performer: Performer, said: dict[str, Any], max_pixels: int, send: Callable[..., None]
) -> None:
    task = TASKS[said.pop("task")](**said)
    try:
        answer = performer.perform(
            task, lambda done, total: send("progress", done=done, total=total)
        )
    except Exception as error:
        status, detail = _http_status(error, max_pixels)
        send("failed", status=status, detail=detail, salvage=isinstance(error, SalvageableError))
    else:
        send("done", answer=answer)


def _http_status(error: Exception, max_pixels: int) -> tuple[int, str]:
    """HTTP status and one line; of an unexpected error no more than its kind."""
    if isinstance(error, StorageError) or getattr(error, "errno", None) in _FULL:
        return 503, "the server's disk is full"
    if isinstance(error, PixelLimitError):  # Pillow's own refusal does not name the limit
        return 413, f"more than the {max_pixels:,} pixels allowed"
    if isinstance(error, JCARSRError):
        too_large = isinstance(error, MemoryLimitError)
        return 413 if too_large else 422, one_line(error)
    if isinstance(error, MemoryError):
        return 413, "not enough memory"
    traceback.print_exc()
    return 500, f"unexpected {type(error).__name__}"


if __name__ == "__main__":
    main()
