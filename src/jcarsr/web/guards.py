"""What stands before every route: who may ask, how much they may send, what browsers are told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jcarsr.errors import told_bytes
from jcarsr.web import problems
from jcarsr.web.limits import Limits
from jcarsr.web.metrics import Metrics
from jcarsr.web.problems import Problem

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_DRAINED = 64 * 2**20  # bytes that are taken and thrown away so that a refusal is heard
_DRAIN_SECONDS = 10.0


class Visitors:
    """Tells browsers what pages may do, and refuses requests that other sites make them send.

    Args:
        app: what is guarded.
        hosts: names under which the server is asked, without port; empty = any. A name that leads
            here by somebody else's DNS is not among them.
        metrics: are told every answer.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._hosts = frozenset(_name(host) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        begun = False

        async def told(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")
                if scope["path"].startswith("/static/"):  # old and new modules never meet
                    headers.setdefault("Cache-Control", "no-cache")
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.answers.labels(route, message["status"]).inc()
            await send(message)

        refusal = self._refusal(scope)
        if refusal:
            await problems.response(403, refusal)(scope, receive, told)
            return
        try:
            await self._app(scope, receive, told)
        except Exception as error:  # is raised again, so that it is in the log
            if not begun:
                detail = f"unexpected {type(error).__name__}"
                await problems.response(500, detail)(scope, receive, told)
            raise

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts and _name(host) not in self._hosts:
            return "not a name of this server: --allow-host adds one"
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in ("GET", "HEAD"):
            try:
                asking = urlsplit(origin).netloc
                own = asking == host or _name(asking) in self._hosts
            except ValueError:
                own = False
            if not own:
                return "asked by the page of another site"
        return None


class Bodies:
    """Bounds what is received: bytes, time, and how many bodies at once.

    Args:
        app: what is guarded.
        limits: the bounds.
        checks: path -> raises a Problem if nobody need send anything there now.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, checks: Mapping[str, Callable[[], None]]
    ) -> None:
        self._app, self._limits, self._checks = app, limits, checks
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS", "DELETE"):
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, self._limits)
        headers = Headers(scope=scope)
        try:
            self._check(scope["path"], headers.get("content-length", "0"))
        except Problem as problem:
            if headers.get("expect", "").lower() == "100-continue":  # it asks before it sends
                body.leave()
            answer = problems.response(problem.status_code, problem.detail, problem.headers)
            await answer(scope, body.receive, body.send)
            return
        self._open += 1
        body.on_end = self._closed
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            body.end()

    def _check(self, path: str, announced: str) -> None:
        """See from a request's head whether its body can be taken.

        Raises:
            Problem: it cannot.
        """
        if announced.isdecimal() and int(announced) > self._limits.upload_bytes:
            raise too_large(self._limits)
        if self._open >= self._limits.uploads:
            busy = "too many pictures are being received"
            raise Problem(503, busy, {"Retry-After": "2"})
        if path in self._checks:
            self._checks[path]()

    def _closed(self) -> None:
        self._open -= 1


def too_large(limits: Limits) -> Problem:
    """What is answered to too many bytes."""
    return Problem(413, f"more than the {told_bytes(limits.upload_bytes)} allowed")


class _Body:
    """One request's body."""

    def __init__(self, receive: Receive, send: Send, limits: Limits) -> None:
        self._receive, self._send, self._limits = receive, send, limits
        self._began, self._bytes = time.monotonic(), 0
        self._over = False  # all of it was received, or the client is gone
        self._unread = False  # it is left where it is
        self.on_end = lambda: None

    def end(self) -> None:
        """Nothing more will come."""
        if not self._over:
            self._over = True
            self.on_end()

    def leave(self) -> None:
        """More may come, which nobody will take."""
        self._unread = True

    async def receive(self) -> Message:
        """As the server's, within the limits.

        Raises:
            Problem: 413 or 408.
        """
        if self._over:  # what comes now tells that the client is gone, whenever that is
            return await self._receive()
        left = self._began + self._limits.upload_seconds - time.monotonic()
        try:
            async with asyncio.timeout(min(max(left, 0.0), self._limits.idle_seconds)):
                message = await self._receive()
        except TimeoutError as error:
            self.leave()
            raise Problem(408, "the picture came too slowly") from error
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            self.end()
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._limits.upload_bytes:
            raise too_large(self._limits)
        return message

    async def send(self, message: Message) -> None:
        """As the server's; an answer that comes early waits until the client listens."""
        if not self._over and not self._unread:
            await self._drain()
        if self._unread and message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"  # the rest is not for us
        await self._send(message)

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


def _name(host: str) -> str:
    """A Host header's name, without port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()
