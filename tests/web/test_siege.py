"""Good clients among bad ones: silent connections, slow heads, slow bodies, slow pictures."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

import jcarsr

Jpeg = Callable[..., bytes]
Serve = Callable[..., AbstractContextManager[Any]]
WAIT = 300  # seconds after which what should have happened has not
GOOD = 4  # good clients at once
HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-a: "
BODY = (
    b"POST /v1/restore HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: multipart/form-data; boundary=B\r\nContent-Length: 100000\r\n\r\n"
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
)


@dataclass
class Siege:
    """Bad clients, each of which comes back a second after it was thrown out.

    Args:
        address: of the server.
        silent: connections on which nothing is sent.
        heads: connections on which a request head grows by a byte every 5 seconds.
        bodies: connections on which a body grows by a byte every 10 seconds.
    """

    address: tuple[str, int]
    silent: int
    heads: int
    bodies: int
    closed: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def laid(self) -> Iterator[None]:
        """All of them, from the first statement of the body on."""
        kinds = (
            ("silent", self.silent, b"", WAIT),
            ("heads", self.heads, HEAD, 5),
            ("bodies", self.bodies, BODY, 10),
        )
        ready = [threading.Event() for _ in kinds]
        threads = [
            threading.Thread(target=self._hold, args=(*kind, event))
            for kind, event in zip(kinds, ready, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            assert all(event.wait(WAIT) for event in ready)
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join(WAIT)

    def _hold(
        self, kind: str, count: int, first: bytes, pause: float, ready: threading.Event
    ) -> None:
        held: list[socket.socket] = []
        sent = time.monotonic()
        held.extend(filter(None, (self._connect(first) for _ in range(count))))
        ready.set()
        while not self.over.wait(1):
            held.extend(filter(None, (self._connect(first) for _ in range(count - len(held)))))
            due = time.monotonic() - sent > pause
            sent = time.monotonic() if due else sent
            gone = [each for each in held if not self._is_open(each, b"a" if due else b"")]
            self.closed[kind] += len(gone)
            for each in gone:
                each.close()
                held.remove(each)
        for each in held:
            each.close()

    def _connect(self, first: bytes) -> socket.socket | None:
        try:
            connection = socket.create_connection(self.address, timeout=WAIT)
            connection.sendall(first)
        except OSError:  # refused, or thrown out in the same moment
            return None
        connection.setblocking(False)
        return connection

    @staticmethod
    def _is_open(connection: socket.socket, more: bytes) -> bool:
        try:
            if more:
                connection.send(more)
            connection.recv(2**16)  # nothing: it was closed; or an answer: it was refused
            return False
        except BlockingIOError:
            return True
        except OSError:
            return False


@dataclass
class Good:
    """What good clients got."""

    url: str
    jpeg: Jpeg
    statuses: Counter[int] = field(default_factory=Counter)
    resets: int = 0  # of new connections, which were closed before their request was read
    seconds: list[float] = field(default_factory=list)
    results: list[tuple[bytes, bytes]] = field(default_factory=list)

    def run(self, count: int) -> None:
        """Restore many pictures; a busy server is asked again, as its Retry-After says."""
        with ThreadPoolExecutor(GOOD) as pool:
            list(pool.map(self._ask, range(count)))

    def _ask(self, number: int) -> None:
        picture, began = self.jpeg(number), time.monotonic()
        while time.monotonic() - began < WAIT:
            try:
                answer = httpx.post(f"{self.url}/v1/restore", files={"file": picture}, timeout=WAIT)
            except httpx.TransportError:
                self.resets += 1
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code != 503:
                break
            time.sleep(float(answer.headers["retry-after"]))
        assert answer.status_code == 200, answer.text
        self.seconds.append(time.monotonic() - began)
        self.results.append((picture, answer.content))

    def check(self) -> None:
        """Every result is that of its own picture, as the library makes it."""
        restorer = jcarsr.Restorer(engine="onnx", threads=1)
        for picture, data in self.results:
            expected = restorer.restore(Image.open(io.BytesIO(picture)))
            np.testing.assert_array_equal(
                np.array(Image.open(io.BytesIO(data))), np.array(expected)
            )


def besieged(running: Any, jpeg: Jpeg, count: int, **bad: int) -> tuple[Good, Siege, int]:
    """What good clients got for so many pictures, and the server's open files meanwhile."""
    url = httpx.URL(running.url)
    siege = Siege((url.host, url.port or 0), **bad)
    good = Good(running.url, jpeg)
    server = psutil.Process(running.pid)
    before = server.num_fds()
    with siege.laid():
        good.run(count)
        assert httpx.get(f"{running.url}/healthz", timeout=WAIT).status_code == 200
        files = server.num_fds()
    began = time.monotonic()
    while server.num_fds() > before + 32:  # until it knows that the bad ones have gone
        assert time.monotonic() - began < WAIT
        time.sleep(0.02)
    good.check()
    assert len(good.results) == count
    return good, siege, files


def test_some(server: Any, jpeg: Jpeg) -> None:
    good, _, files = besieged(server, jpeg, 6, silent=280, heads=10, bodies=4)
    assert files < 400
    assert set(good.statuses) <= {200, 503}


@pytest.mark.slow
def test_many(serve: Serve, jpeg: Jpeg, capsys: pytest.CaptureFixture[str]) -> None:
    with serve() as running:
        good, siege, files = besieged(running, jpeg, 60, silent=1000, heads=260, bodies=16)
    with capsys.disabled():
        middle, last = np.percentile(good.seconds, [50, 100])
        print(f"\n60 pictures of {GOOD} clients: {dict(good.statuses)}, {good.resets} reset")
        print(f"  {middle:.2f} s a picture in the middle, {last:.2f} s at most")
        print(f"  thrown out: {dict(siege.closed)}; {files} open files")
    assert files < 400
    assert set(good.statuses) <= {200, 503}
