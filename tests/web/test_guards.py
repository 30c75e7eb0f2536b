"""Bytes on a socket, as no well-meaning client sends them, and what is answered."""

import asyncio
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

import httpx
import pytest

from jcarsr.web import body as body_module
from jcarsr.web.app import create_app
from jcarsr.web.service import ServerSettings, Service

Jpeg = Callable[..., bytes]
ServeHere = Callable[..., AbstractContextManager[Any]]
WAIT = 60  # seconds after which what should have happened has not
QUICK = 9  # seconds; less than what is drained for, or idle by default
# before a file's bytes; what does not begin so is invalid, however much of it there is
OPENING = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


def form(picture: bytes) -> bytes:
    """A body with a file in it; its boundary is B."""
    return OPENING + picture + b"\r\n--B--\r\n"


def head(path: str = "/v1/inspect", method: str = "POST", **more: object) -> bytes:
    """The start of a request; `_` in a header's name stands for `-`."""
    headers = {"Host": "localhost", "Content-Type": "multipart/form-data; boundary=B", **more}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    detail: str
    closed: bool  # the server will take nothing more

    @classmethod
    def read(cls, connection: socket.socket) -> "Answer":
        response = HTTPResponse(connection)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        body = response.read()
        problem = headers.get("content-type") == "application/problem+json"
        detail = json.loads(body)["detail"] if problem else ""
        return cls(response.status, headers, detail, response.will_close)


def asked(here: Any, *sent: bytes) -> Answer:
    """The answer to what is sent by a client that listens when it has sent everything."""
    with here.connect() as connection:
        for data in sent:
            connection.sendall(data)
        return Answer.read(connection)


def drip(connection: socket.socket, pause: float) -> float:
    """Send a byte after every `pause` until the server answers 408; gives the seconds of that."""
    connection.setblocking(False)
    began = time.monotonic()
    while time.monotonic() - began < WAIT:
        try:
            assert connection.recv(13, socket.MSG_PEEK) == b"HTTP/1.1 408 "
            break
        except BlockingIOError:
            connection.send(b"-")
            time.sleep(pause)
    return time.monotonic() - began


class TestBytes:
    LIMIT = 20_000
    TOLD = (413, "more than the 20 KiB allowed")

    @pytest.fixture
    def here(self, serve_here: ServeHere) -> Iterator[Any]:
        with serve_here(upload_bytes=self.LIMIT) as here:
            yield here

    def test_announced(self, here: Any) -> None:
        """Refused before they come, and heard by a client that sends them nevertheless."""
        answer = asked(here, head(Content_Length=10_000_000), bytes(10_000_000))
        assert (answer.status, answer.detail) == self.TOLD

    def test_not_announced(self, here: Any) -> None:
        block = chunk(bytes(100_000))
        sent = [head(Transfer_Encoding="chunked"), chunk(OPENING), *[block] * 50, chunk(b"")]
        answer = asked(here, *sent)
        assert (answer.status, answer.detail) == self.TOLD

    @pytest.mark.parametrize("chunked", [True, False])
    @pytest.mark.parametrize("over", [0, 1])
    def test_exactly(self, here: Any, jpeg: Jpeg, chunked: bool, over: int) -> None:
        padding = self.LIMIT - len(form(jpeg())) + over
        body = form(jpeg() + bytes(padding))
        assert len(body) == self.LIMIT + over
        how = {"Transfer_Encoding": "chunked"} if chunked else {"Content_Length": len(body)}
        began = time.monotonic()
        answer = asked(here, head(**how), chunk(body) + chunk(b"") if chunked else body)
        assert (answer.status, answer.detail) == (self.TOLD if over else (200, ""))
        assert time.monotonic() - began < QUICK

    def test_without_end(self, here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody who goes on sending is not listened to for ever."""
        monkeypatch.setattr(body_module, "_DRAINED", 300_000)
        with here.connect() as connection:
            connection.sendall(head(Transfer_Encoding="chunked") + chunk(OPENING))
            with pytest.raises(ConnectionError):
                for _ in range(100_000):
                    connection.sendall(chunk(bytes(10_000)))
            answer = Answer.read(connection)
        assert (answer.status, answer.detail) == self.TOLD
        assert answer.closed

    def test_asking_before_sending(self, here: Any, jpeg: Jpeg) -> None:
        """`Expect: 100-continue`: no is said at once, and nothing is sent for nothing."""
        for length, first in ((self.LIMIT + 1, b"HTTP/1.1 413 "), (1000, b"HTTP/1.1 100 ")):
            with here.connect() as connection:
                connection.sendall(head(Content_Length=length, Expect="100-continue"))
                assert connection.recv(len(first)) == first

    def test_after_a_refusal_the_next_picture_is_taken(self, here: Any, jpeg: Jpeg) -> None:
        with here.connect() as connection:
            body = form(jpeg())
            for data, status in ((bytes(self.LIMIT + 1), 413), (body, 200)):
                connection.sendall(head(Content_Length=len(data)) + data)
                assert Answer.read(connection).status == status


class TestTime:
    def test_nothing_comes(self, serve_here: ServeHere, jpeg: Jpeg) -> None:
        with serve_here(idle_seconds=0.2) as here:
            body, began = form(jpeg()), time.monotonic()
            answer = asked(here, head(Content_Length=len(body)), body[:100])
            assert (answer.status, answer.detail) == (408, "the picture came too slowly")
            assert answer.closed
            assert 0.2 <= time.monotonic() - began < QUICK

    def test_a_little_comes_again_and_again(self, serve_here: ServeHere) -> None:
        with serve_here(idle_seconds=10, upload_seconds=0.5) as here, here.connect() as connection:
            connection.sendall(head(Content_Length=10_000) + form(b"")[:60])
            assert 0.5 <= drip(connection, 0.05) < QUICK

    def test_slow_but_within_the_limits(self, serve_here: ServeHere, jpeg: Jpeg) -> None:
        with serve_here(idle_seconds=QUICK) as here, here.connect() as connection:
            body = form(jpeg())
            connection.sendall(head(Content_Length=len(body)))
            for start in range(0, len(body), 200):
                connection.sendall(body[start : start + 200])
                time.sleep(0.05)
            assert Answer.read(connection).status == 200


class TestRate:
    """Of a body that never pauses for long: so many bytes a second on average, or it is refused."""

    def test_too_low(self, serve_here: ServeHere) -> None:
        with serve_here(lowest_rate=1000, rate_grace=0.3) as here, here.connect() as connection:
            connection.sendall(head(Content_Length=10_000) + OPENING)
            assert 0.3 <= drip(connection, 0.02) < QUICK

    def test_what_came_at_once_is_counted_for_a_pause(
        self, serve_here: ServeHere, jpeg: Jpeg
    ) -> None:
        """1,000 bytes at 20 a second buy fifty seconds."""
        with (
            serve_here(lowest_rate=20, rate_grace=0.01, idle_seconds=WAIT) as here,
            here.connect() as connection,
        ):
            body = form(jpeg() + bytes(1000))
            connection.sendall(head(Content_Length=len(body)) + body[:1000])
            time.sleep(0.5)
            connection.sendall(body[1000:])
            assert Answer.read(connection).status == 200

    def test_the_slowest_goes_when_room_is_needed(self, serve_here: ServeHere, jpeg: Jpeg) -> None:
        with serve_here(uploads=2, rate_grace=0.2, lowest_rate=1, upload_bytes=10**7) as here:
            body = form(jpeg())
            slow, slower = here.connect(), here.connect()
            with slow, slower:
                slower.sendall(head(Content_Length=10**6) + OPENING)
                time.sleep(0.05)  # so that its time of grace is over first
                slow.sendall(head(Content_Length=10**6) + OPENING + bytes(500))
                began, answer = time.monotonic(), None
                while answer is None or answer.status == 503:
                    assert time.monotonic() - began < WAIT
                    answer = asked(here, head(Content_Length=len(body)), body)
                assert answer.status == 200
                told = Answer.read(slower)
                assert (told.status, told.detail) == (408, "the picture came too slowly")
                assert told.closed
                slow.setblocking(False)
                with pytest.raises(BlockingIOError):
                    slow.recv(1)

    @pytest.mark.skipif(sys.platform != "linux", reason="has all of 127.0.0.0/8")
    def test_places_are_shared_by_clients(self, serve_here: ServeHere, jpeg: Jpeg) -> None:
        """One that holds all gives one to another, although its bodies are quick enough."""
        with serve_here(uploads=2, rate_grace=WAIT) as here, ExitStack() as stack:
            body = form(jpeg())
            first = [stack.enter_context(here.connect("127.0.0.2")) for _ in range(2)]
            for connection, more in zip(first, (100, 0), strict=True):
                connection.sendall(head(Content_Length=10**6) + OPENING + bytes(more))
                time.sleep(0.1)
            other = stack.enter_context(here.connect("127.0.0.3"))
            other.sendall(head(Content_Length=len(body)) + body)
            assert Answer.read(other).status == 200
            told = Answer.read(first[1])
            assert (told.status, told.detail) == (503, "too many pictures are being received")
            assert told.headers["retry-after"] == "2"


class TestNumber:
    def test_of_uploads(self, serve_here: ServeHere, jpeg: Jpeg) -> None:
        """The third is refused until one of two is whole, or gone."""
        with serve_here(uploads=2, rate_grace=WAIT) as here:
            body = form(jpeg())
            begin, rest = head(Content_Length=len(body)) + body[:100], body[100:]
            one, two = here.connect(), here.connect()
            with one, two:
                for connection in (one, two):
                    connection.sendall(begin)
                refused = self._until(here, body, 503)
                assert refused.detail == "too many pictures are being received"
                assert refused.headers["retry-after"] == "2"
                one.sendall(rest)
                assert Answer.read(one).status == 200
                assert asked(here, begin, rest).status == 200
                one.sendall(begin)
                self._until(here, body, 503)
            self._until(here, body, 200)

    def test_of_waiting_pictures(self, serve_here: ServeHere, fakes: Any, jpeg: Jpeg) -> None:
        """Refused before the picture has been sent."""
        fakes.open.clear()
        with serve_here(queue=1) as here:
            body = form(jpeg())
            request = head("/v1/restore", Content_Length=len(body), Prefer="respond-async") + body
            assert asked(here, request).status == 202
            assert fakes.begun.acquire(timeout=QUICK)
            assert asked(here, request).status == 202
            with here.connect() as connection:
                more = head("/v1/restore", Content_Length=10_000, Expect="100-continue")
                connection.sendall(more)
                refused = Answer.read(connection)
            assert (refused.status, refused.detail) == (503, "1 pictures are waiting already")
            assert int(refused.headers["retry-after"]) >= 1
            assert asked(here, request).status == 503
            looked = head("/v1/inspect", Content_Length=len(body))
            assert asked(here, looked, body).status == 200  # takes no place in the queue

    @staticmethod
    def _until(here: Any, body: bytes, status: int) -> Answer:
        """Ask until this is answered: what another connection does takes a moment."""
        began = time.monotonic()
        while time.monotonic() - began < QUICK:
            answer = asked(here, head(Content_Length=len(body)), body)
            if answer.status == status:
                return answer
        raise AssertionError(f"never {status}")


class TestVisitors:
    """By this server's own names: localhost, and photos.example behind a proxy."""

    @pytest.fixture
    def here(self, serve_here: ServeHere) -> Iterator[Any]:
        names = ("Photos.Example", "gallery.example:8443")
        with serve_here(hosts=("localhost", *names, "[::1]"), proxied=names) as here:
            yield here

    def test_names(self, here: Any) -> None:
        own = ["localhost", "localhost:8000", "LocalHost", "photos.example", "photos.example:443"]
        for host in [*own, "[::1]:8000"]:
            assert asked(here, head("/healthz", "GET", Host=host)).status == 200
        strange = [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1",
            "photos.example.",
            "x" * 999,
        ]
        for host in [*strange, "[::2]", "localhost@evil.example", "[", "]", "::1", "%00"]:
            answer = asked(here, head("/healthz", "GET", Host=host))
            assert (answer.status, answer.detail[:27]) == (403, "not a name of this server: ")

    def test_pages_of_others(self, here: Any) -> None:
        """What they make a browser send; to look is no harm, they are not shown the answer."""
        body = form(b"")
        own = ["http://localhost:8000", "HTTP://LocalHost:8000", "https://photos.example"]
        own += ["http://photos.example", "https://photos.example:443"]
        own += ["https://gallery.example:8443"]
        others = ["https://evil.example", "null", "", "http://localhost.evil.example", "http://["]
        others += ["http://localhost", "http://localhost:3000", "https://localhost:8000"]
        others += ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:80000"]
        others += ["https://photos.example:8443", "https://gallery.example", "localhost:8000"]
        others += ["http://a@localhost:8000", "http://localhost:8000/", "ftp://photos.example"]
        for origin in [*own, *others]:
            for method, path, fine in (
                ("POST", "/v1/restore", 422),
                ("DELETE", "/v1/jobs/x", 404),
                ("OPTIONS", "/v1/restore", 405),
                ("GET", "/healthz", 200),
            ):
                host = "localhost:8000"
                said = head(path, method, Host=host, Origin=origin, Content_Length=len(body))
                allowed = origin in own or method == "GET"
                assert asked(here, said, body).status == (fine if allowed else 403)
                assert asked(here, said, body).headers.get("access-control-allow-origin") is None

    def test_a_refused_client_hears_it(self, here: Any) -> None:
        sent = head(Host="evil.example", Content_Length=5_000_000), bytes(5_000_000)
        assert asked(here, *sent).status == 403

    def test_any_name_if_none_is_given(self, serve_here: ServeHere) -> None:
        with serve_here() as here:
            assert asked(here, head("/healthz", "GET", Host="any.example")).status == 200
            for origin, status in (("http://any.example", 422), ("http://evil.example", 403)):
                answer = asked(here, head(Host="any.example", Origin=origin, Content_Length=0))
                assert answer.status == status


def test_what_nobody_expected(fakes: Any, caplog: pytest.LogCaptureFixture) -> None:
    """One line and the usual headers for the client; where it happened is for the log alone."""

    async def ask() -> httpx.Response:
        async with Service(ServerSettings()) as service:
            service.jobs.find = lambda id: 1 // 0  # type: ignore[assignment,method-assign]
            transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
                return await client.get("/v1/jobs/x")

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "unexpected ZeroDivisionError"
    assert answer.headers["x-content-type-options"] == "nosniff"
