"""One request's body: bytes, time and rate within limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Send

from jcarsr.errors import format_bytes
from jcarsr.web.limits import Limits
from jcarsr.web.problems import Problem

_DRAINED = 64 * 2**20  # bytes that are taken and thrown away so that a refusal is heard
_DRAIN_SECONDS = 10.0


def too_large(limits: Limits) -> Problem:
    """What is answered to too many bytes."""
    return Problem(413, f"more than the {format_bytes(limits.upload_bytes)} allowed")


def too_slow() -> Problem:
    """What is answered to a body that takes too long."""
    return Problem(408, "the picture came too slowly")


class Body:
    """What a client sends with one request, and its answer.

    Args:
        receive: the server's.
        send: the server's.
        limits: of bytes, seconds and bytes a second.
        client: whose it is.
        on_end: called once, when nothing more will come.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        limits: Limits,
        client: str = "",
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._receive, self._send, self._limits = receive, send, limits
        self.client, self._on_end = client, on_end
        self.bytes = 0
        self._waited, self._began = 0.0, 0.0  # seconds before this wait; when this wait began
        self._over = False  # all of it was received, or the client is gone
        self._unread = False  # it is left where it is
        self._waiting: asyncio.Timeout | None = None
        self._why: Problem | None = None  # it lost its place

    @property
    def seconds_waited(self) -> float:
        """Seconds in which the client was waited for."""
        now = 0.0 if self._waiting is None else time.monotonic() - self._began
        return self._waited + now

    @property
    def rate(self) -> float:
        """Bytes a second, of the seconds in which the client was waited for."""
        return self.bytes / max(self.seconds_waited, 1e-3)

    def end(self) -> None:
        """Nothing more will come."""
        if not self._over:
            self._over = True
            self._on_end()

    def leave(self) -> None:
        """More may come, which is not taken."""
        self._unread = True

    def displace(self, why: Problem) -> None:
        """Stop receiving: another one gets its place. Its client is answered `why`."""
        self._why = why
        self.leave()
        self.end()
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def receive(self) -> Message:
        """As the server's, within the limits.

        Raises:
            Problem: 413, 408, or 503 if its place was needed.
        """
        if self._why is not None:
            raise self._why
        if self._over:  # what comes now means that the client is gone, whenever that is
            return await self._receive()
        patience, self._began = self._patience(), time.monotonic()
        try:
            async with asyncio.timeout(patience) as self._waiting:
                message = await self._receive()
        except TimeoutError as error:
            self.leave()
            raise self._why or too_slow() from error
        finally:
            self._waited, self._waiting = self.seconds_waited, None
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            self.end()
        self.bytes += len(message.get("body", b""))
        if self.bytes > self._limits.upload_bytes:
            raise too_large(self._limits)
        return message

    async def send(self, message: Message) -> None:
        """As the server's; an answer that comes early waits until the client listens."""
        if not self._over and not self._unread:
            await self._drain()
        if self._unread and message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"  # the rest is not for us
        await self._send(message)

    def _patience(self) -> float:
        """Seconds for which more is waited for."""
        limits = self._limits
        at_least = limits.rate_grace + self.bytes / limits.lowest_rate
        left = min(limits.upload_seconds, at_least) - self.seconds_waited
        return max(min(left, limits.idle_seconds), 0.0)

    async def _drain(self) -> None:
        """Throw away the rest: a client that is still sending would miss the answer."""
        taken, more = 0, True
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while more and taken < _DRAINED:
                    message = await self._receive()
                    taken += len(message.get("body", b""))
                    more = message["type"] == "http.request" and message.get("more_body", False)
        except TimeoutError:
            pass
        self._unread = more
        self.end()
