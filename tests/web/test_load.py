"""Many clients at once, of every kind, against the command: nobody gets what is another's."""

from __future__ import annotations

import io
import random
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
from jcarsr.methods.bicubic import Bicubic

Jpeg = Callable[..., bytes]
Serve = Callable[..., AbstractContextManager[Any]]
CLIENTS = 20
WAIT = 120  # seconds after which what should have happened has not
OPTIONS = ("--max-upload", "100K", "--max-pixels", 10_000, "--queue", 8)
ASYNC = {"Prefer": "respond-async"}


@dataclass
class Result:
    """A picture that came back, and what it was made of."""

    source: bytes
    scale: int
    data: bytes


@dataclass
class Clients:
    """What they do, in an order that a seed decides; every request has a picture of its own."""

    url: str
    jpeg: Jpeg
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    results: list[Result] = field(default_factory=list)

    def run(self, numbers: range) -> None:
        """Many at once."""
        self._client = httpx.Client(
            base_url=self.url, timeout=WAIT, limits=httpx.Limits(max_connections=None)
        )
        with self._client, ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(self._ask, number) for number in numbers]:
                done.result(WAIT)

    def _ask(self, number: int) -> None:
        chance = random.Random(number)
        kinds = {
            self._at_once: 8,
            self._slowly: 2,
            self._poll: 5,
            self._delete: 2,
            self._broken: 3,
            self._many_bytes: 2,
            self._many_pixels: 2,
            self._leave_upload: 2,
            self._leave_queue: 1,
        }
        (kind,) = chance.choices(list(kinds), list(kinds.values()))
        size = chance.randrange(20, 64), chance.randrange(20, 64)
        kind(self.jpeg(number, size), chance)

    def _post(self, kind: str, picture: bytes, **more: Any) -> httpx.Response:
        """The first answer that is not: later."""
        while True:
            files = {"file": ("../<name>", picture)}
            answer = self._client.post("/v1/restore", files=files, **more)
            self.statuses[kind, answer.status_code] += 1
            if answer.status_code != 503:
                return answer
            assert int(answer.headers["retry-after"]) >= 1
            time.sleep(0.2)

    def _keep(self, source: bytes, scale: int, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        self.results.append(Result(source, scale, answer.content))

    def _at_once(self, data: bytes, chance: random.Random) -> None:
        scale = chance.choice([1, 2, 2, 2, 4])
        self._keep(data, scale, self._post("at once", data, data={"scale": scale}))

    def _slowly(self, data: bytes, chance: random.Random) -> None:
        request = httpx.Request("POST", self.url, files={"file": data})
        body, kind = request.read(), request.headers["content-type"]

        def pieces() -> Iterator[bytes]:
            for start in range(0, len(body), 200):
                yield body[start : start + 200]
                time.sleep(0.05)

        while True:
            headers = {"Content-Type": kind}
            answer = self._client.post("/v1/restore", content=pieces(), headers=headers)
            self.statuses["slowly", answer.status_code] += 1
            if answer.status_code != 503:
                return self._keep(data, 2, answer)

    def _poll(self, data: bytes, chance: random.Random) -> None:
        path = self._post("as a job", data, headers=ASYNC).headers["location"]
        while (said := self._client.get(path).json())["state"] != "done":
            assert said["state"] in ("queued", "running"), said
            time.sleep(0.03)
        self._keep(data, 2, self._client.get(f"{path}/result"))
        before = Image.open(io.BytesIO(self._client.get(f"{path}/before").content))
        image = Image.open(io.BytesIO(data))
        expected = Bicubic(2).restore(np.array(image.convert("RGB")))
        assert before.tobytes() == expected.tobytes()
        assert self._client.delete(path).status_code == 204

    def _delete(self, data: bytes, chance: random.Random) -> None:
        path = self._post("deleted", data, headers=ASYNC, data={"scale": 4}).headers["location"]
        time.sleep(chance.choice([0, 0.05, 0.3]))
        assert self._client.delete(path).status_code == 204
        assert self._client.get(path).status_code == 404

    def _broken(self, data: bytes, chance: random.Random) -> None:
        broken = chance.choice([data[:-100], data[:50], b"", b"no picture", data[::-1]])
        assert self._post("broken", broken).status_code == 422

    def _many_bytes(self, data: bytes, chance: random.Random) -> None:
        if chance.random() < 0.5:
            assert self._post("many bytes", data + bytes(200_000)).status_code == 413
        else:
            first = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            parts = iter([first, *[bytes(10_000)] * 20])
            headers = {"Content-Type": "multipart/form-data; boundary=B"}
            answer = self._client.post("/v1/restore", content=parts, headers=headers)
            self.statuses["many bytes", answer.status_code] += 1
            assert answer.status_code in (413, 503)

    def _many_pixels(self, data: bytes, chance: random.Random) -> None:
        size = (chance.randrange(101, 200), chance.randrange(100, 200))
        answer = self._post("many pixels", self.jpeg(0, size))
        assert answer.status_code == 413
        assert answer.json()["detail"] == "more than the 10,000 pixels allowed"

    def _leave_upload(self, data: bytes, chance: random.Random) -> None:
        self._leave("left upload", data, chance.random(), 0.0)

    def _leave_queue(self, data: bytes, chance: random.Random) -> None:
        self._leave("left queue", data, 1.0, chance.choice([0.02, 0.1, 0.3]))

    def _leave(self, kind: str, data: bytes, share: float, seconds: float) -> None:
        """Hang up when a part has been sent, or without waiting for the answer."""
        request = httpx.Request("POST", f"{self.url}/v1/restore", files={"file": data})
        body = request.read()
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join(["POST /v1/restore HTTP/1.1", *lines, "", ""]).encode()
        with socket.create_connection(("127.0.0.1", request.url.port)) as connection:
            connection.sendall(head + body[: int(share * len(body))])
            time.sleep(seconds)
        self.statuses[kind, 0] += 1

    def check(self) -> None:
        """Every result is that of its own picture, as the library makes it."""
        restorer = jcarsr.Restorer(engine="onnx", threads=1)
        for result in self.results:
            image = Image.open(io.BytesIO(result.source))
            expected = restorer.restore(image, jcarsr.Target(scale=result.scale))
            got = Image.open(io.BytesIO(result.data))
            np.testing.assert_array_equal(np.array(got), np.array(expected))
        assert len({result.data for result in self.results}) == len(self.results)


@dataclass
class Memory:
    """Resident bytes of a server and its processes, all together."""

    process: psutil.Process
    peak: int = 0

    def now(self) -> int:
        total = 0
        for process in [self.process, *self.process.children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        self.peak = max(self.peak, total)
        return total

    @contextmanager
    def watched(self) -> Iterator[None]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.1):
                self.now()

        thread = threading.Thread(target=watch)
        thread.start()
        yield
        over.set()
        thread.join()


def settled(running: Any) -> None:
    """Nothing is worked at, and nothing is left of what was."""
    began = time.monotonic()
    while running.files or httpx.get(f"{running.url}/healthz").json() != {
        "status": "ok",
        "queued": 0,
        "running": 0,
    }:
        assert time.monotonic() - began < WAIT, running.files
        time.sleep(0.05)


def test_some(serve: Serve, jpeg: Jpeg) -> None:
    """docs/serve.md names the number."""
    with serve(*OPTIONS) as running:
        clients = Clients(running.url, jpeg)
        clients.run(range(24))  # of every kind
        settled(running)
        clients.check()
    assert len(clients.results) == 14
    assert {status for _, status in clients.statuses} <= {0, 200, 202, 413, 422, 503}


@pytest.mark.slow
def test_many(serve: Serve, jpeg: Jpeg, capsys: pytest.CaptureFixture[str]) -> None:
    """Memory and open files are after 500 requests what they were after 250."""
    with serve(*OPTIONS) as running:
        memory, clients = Memory(psutil.Process(running.pid)), Clients(running.url, jpeg)
        began, told = time.monotonic(), list[tuple[int, int, int]]()
        with memory.watched():
            for half in (range(250), range(250, 500)):
                clients.run(half)
                settled(running)
                own = memory.process.memory_info().rss
                told.append((memory.now(), own, memory.process.num_fds()))
        seconds = time.monotonic() - began
        assert httpx.get(f"{running.url}/healthz").status_code == 200
        clients.check()
    with capsys.disabled():
        print(f"\n500 requests of {CLIENTS} clients in {seconds:.0f} s")
        for (kind, status), count in sorted(clients.statuses.items()):
            print(f"  {kind:12} {status or 'hung up':>7} {count:5}")
        for (total, own, files), count in zip(told, (250, 500), strict=True):
            said = f"{total / 2**20:.0f} MiB, of which the server's own {own / 2**20:.0f}"
            print(f"  after {count}: {said}; {files} open files")
        print(f"  peak: {memory.peak / 2**20:.0f} MiB")
    assert {status for _, status in clients.statuses} <= {0, 200, 202, 413, 422, 503}
    (first, first_own, first_files), (last, last_own, last_files) = told
    assert last <= first + 64 * 2**20  # a process that was just started anew is smaller by so much
    assert last_own <= first_own + 8 * 2**20
    assert last_files <= first_files
