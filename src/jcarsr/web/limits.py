"""How much the server takes upon itself."""

from __future__ import annotations

from dataclasses import dataclass

from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Everything that keeps one client from costing the others, or the machine, too much."""

    connections: int = 256  # open at once; 32 more are heard to be refused, or to ask for /healthz
    head_seconds: float = 15.0  # for a whole request head, on a new or a kept connection
    upload_bytes: int = 32 * 2**20  # of a request's body
    uploads: int = 16  # requests whose bodies are being received at once
    upload_seconds: float = 300.0  # for all of a body
    idle_seconds: float = 20.0  # without any of it, or until a client takes a part of its answer
    lowest_rate: int = 240  # bytes a second of a body, on average
    rate_grace: float = 5.0  # seconds that a body may come more slowly in all
    pixels: int = 25_000_000  # of an input, all frames together
    memory: int = DEFAULT_MAX_MEMORY  # bytes for one picture, without the weights
    queue: int = 32  # jobs that wait
    seconds: float = 600.0  # for one picture
    look_seconds: float = 30.0  # for what is not restoring: headers, bicubic scaling, saving anew
    quick_seconds: float = 3.0  # of these, before one is begun again where it holds no other
    look_wait_seconds: float = 30.0  # until one is begun; after that the server is busy
    looks: int = 64  # such things that wait
    keep_seconds: float = 900.0  # how long a result is kept
    keep_bytes: int = 2**30  # of all results and their inputs; the oldest go first
