"""What stands before every route: who may ask, how much they may send, what browsers may do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jcarsr.web import problems
from jcarsr.web.body import Body, too_large, too_slow
from jcarsr.web.clients import client_of
from jcarsr.web.connections import Connection
from jcarsr.web.limits import Limits
from jcarsr.web.metrics import Metrics
from jcarsr.web.problems import Problem
from jcarsr.web.token import Gate

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
_PORTS = {"http": 80, "https": 443}
_HURRY = 4096  # bytes a second: a slower body loses its place to one that is new


class OriginGuard:
    """Tells browsers what pages may do, and refuses requests that other sites make them send.

    Args:
        app: what is guarded.
        hosts: names under which the server is asked, without port; empty = any. A name that leads
            here by somebody else's DNS is not among them.
        proxied: those of a reverse proxy, with its port unless that is the scheme's: its pages
            are this server's own.
        metrics: count every answer.
        gate: asks for the token, if there is one.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Sequence[str],
        proxied: Sequence[str],
        metrics: Metrics,
        gate: Gate,
    ) -> None:
        self._app, self._metrics, self._gate = app, metrics, gate
        self._hosts = frozenset(_name(host) for host in hosts)
        self._proxied = frozenset(host.lower() for host in proxied)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        begun = False

        async def answer(message: Message) -> None:
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

        connection = scope.get("state", {}).get("connection")
        crowded = isinstance(connection, Connection) and connection.is_crowded
        if crowded and scope["path"] != "/healthz":
            headers = {"Retry-After": "2", "Connection": "close"}
            busy = problems.response(503, "too many requests are being answered", headers)
            await busy(scope, receive, answer)
            return
        refusal = self._refusal(scope)
        if refusal:
            await problems.response(403, refusal)(scope, receive, answer)
            return
        if not self._gate.is_open(scope["path"], Headers(scope=scope).get("authorization", "")):
            headers = {"WWW-Authenticate": 'Bearer realm="jcarsr"'}
            await problems.response(401, "needs this server's token", headers)(
                scope, receive, answer
            )
            return
        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # is raised again, so that it is in the log
            if not begun:
                detail = f"unexpected {type(error).__name__}"
                await problems.response(500, detail)(scope, receive, answer)
            raise

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts and _name(host) not in self._hosts:
            return "not a name of this server: --allow-host adds one"
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in ("GET", "HEAD"):
            own = _is_same(origin, f"{scope['scheme']}://{host}") or self._is_proxied(origin)
            if not own:
                return "asked by the page of another site"
        return None

    def _is_proxied(self, origin: str) -> bool:
        """Return whether an origin is that of a proxy before this server."""
        scheme = origin.partition("://")[0]
        return any(_is_same(origin, f"{scheme}://{host}") for host in self._proxied)


class BodyLimit:
    """Bounds what is received: bytes, time, rate, and how many bodies at once.

    Args:
        app: what is guarded.
        limits: the bounds.
        checks: path -> raises a Problem if this client need not send anything there now.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, checks: Mapping[str, Callable[[str], None]]
    ) -> None:
        self._app, self._limits, self._checks = app, limits, checks
        self._open: set[Body] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS", "DELETE"):
            await self._app(scope, receive, send)
            return
        client = client_of(scope)
        body = Body(receive, send, self._limits, client, lambda: self._open.discard(body))
        headers = Headers(scope=scope)
        try:
            self._check(scope["path"], client, headers.get("content-length", "0"))
        except Problem as problem:
            if headers.get("expect", "").lower() == "100-continue":  # it asks before it sends
                body.leave()
            answer = problems.response(problem.status_code, problem.detail, problem.headers)
            await answer(scope, body.receive, body.send)
            return
        self._open.add(body)
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            body.end()

    def _check(self, path: str, client: str, announced: str) -> None:
        """See from a request's head whether its body can be taken.

        Raises:
            Problem: it cannot.
        """
        if announced.isdecimal() and int(announced) > self._limits.upload_bytes:
            raise too_large(self._limits)
        if path in self._checks:
            self._checks[path](client)
        if len(self._open) >= self._limits.uploads and not self._displace(client):
            raise _busy()

    def _displace(self, client: str) -> bool:
        """Free a place for a client: a slow body's, or one of a client that holds more."""
        held = Counter(body.client for body in self._open)
        slow = [body for body in self._open if body.seconds_waited >= self._limits.rate_grace]
        slowest = min(slow, key=lambda body: body.rate, default=None)
        if slowest is not None and slowest.rate < _HURRY:
            slowest.displace(too_slow())
            return True
        other, most = max(held.items(), key=lambda item: item[1])
        if most < held[client] + 2:
            return False
        theirs = (body for body in self._open if body.client == other)
        min(theirs, key=lambda body: body.bytes).displace(_busy())
        return True


def _busy() -> Problem:
    return Problem(503, "too many pictures are being received", {"Retry-After": "2"})


def _is_same(origin: str, own: str) -> bool:
    """Return whether two origins are one: scheme, host and port."""
    return (known := _parts(origin)) is not None and known == _parts(own)


def _parts(origin: str) -> tuple[str, str, int] | None:
    """Return an origin's scheme, host and port; None: it is none of HTTP's."""
    try:
        said = urlsplit(origin)
        port = said.port or _PORTS[said.scheme]
    except (ValueError, KeyError):
        return None
    if not said.hostname or said.username is not None or said.path or said.query or said.fragment:
        return None
    return said.scheme, said.hostname, port


def _name(host: str) -> str:
    """A Host header's name, without port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()
