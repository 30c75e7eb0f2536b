"""How much the server takes upon itself."""

from __future__ import annotations

from dataclasses import dataclass

from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Everything that keeps one client from costing the others, or the machine, too much."""

    connections: int = 256
    """Open at once; 32 more are heard to be refused, or to ask for /healthz."""
    head_seconds: float = 15.0
    """For a whole request head, on a new or a kept connection."""
    upload_bytes: int = 32 * 2**20
    """Of a request's body."""
    uploads: int = 16
    """Requests whose bodies are being received at once."""
    upload_seconds: float = 300.0
    """For all of a body."""
    idle_seconds: float = 20.0
    """Without any of it, or until a client takes a part of its answer."""
    lowest_rate: int = 240
    """Bytes a second of a body, on average."""
    rate_grace: float = 5.0
    """Seconds that a body may come more slowly in all."""
    pixels: int = 25_000_000
    """Of an input, all frames together."""
    memory: int = DEFAULT_MAX_MEMORY
    """Bytes for one picture, without the weights."""
    queue: int = 32
    """Jobs that wait."""
    seconds: float = 600.0
    """For one picture."""
    look_seconds: float = 30.0
    """For what is not restoring: headers, bicubic scaling, saving anew."""
    quick_seconds: float = 3.0
    """Of these, before one is begun again where it holds no other."""
    look_wait_seconds: float = 30.0
    """Until one is begun; after that the server is busy."""
    looks: int = 64
    """Such things that wait."""
    keep_seconds: float = 900.0
    """How long a result is kept."""
    keep_bytes: int = 2**30
    """Of all results and their inputs; the oldest go first."""
