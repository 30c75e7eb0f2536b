"""How much the server takes upon itself."""

from __future__ import annotations

from dataclasses import dataclass

from jcarsr.inference.memory import DEFAULT_MAX_MEMORY


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Everything that keeps one client from costing the others, or the machine, too much."""

    upload_bytes: int = 32 * 2**20  # of a request's body
    uploads: int = 16  # requests whose bodies are being received at once
    upload_seconds: float = 300.0  # for all of a body
    idle_seconds: float = 20.0  # without any of it
    pixels: int = 25_000_000  # of an input, all frames together
    memory: int = DEFAULT_MAX_MEMORY  # bytes for one picture, beside the weights
    queue: int = 32  # jobs that wait
    seconds: float = 600.0  # for one picture
    look_seconds: float = 30.0  # for what is not restoring: headers, bicubic scaling, saving anew
    looks: int = 64  # such things that wait
    keep_seconds: float = 900.0  # how long a result is kept
    keep_bytes: int = 2**30  # of all results and their inputs; the oldest go first
