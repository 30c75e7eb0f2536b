import asyncio
import json
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from jcarsr.web.job import Job
from jcarsr.web.job_file import JobFile
from jcarsr.web.service import ServerSettings, Service
from jcarsr.web.tasks import Restore

Jpeg = Callable[..., bytes]
ServeHere = Callable[..., AbstractContextManager[Any]]
WAIT = 30  # seconds after which what should have happened has not
LARGE = 12_000_000  # bytes: more than two sockets hold


def until(true: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < WAIT
        time.sleep(0.01)


def asking(here: Any, path: str) -> socket.socket:
    """A connection on which something was asked for, and whose answer has begun to come."""
    connection: socket.socket = here.connect()
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
    return connection


def submitted(here: Any, jpeg: Jpeg) -> str:
    """The path of a job that is done."""
    headers = {"Prefer": "respond-async"}
    answer = httpx.post(f"{here.url}/v1/restore", files={"file": jpeg()}, headers=headers)
    path: str = answer.headers["location"]
    until(lambda: httpx.get(here.url + path).json()["state"] == "done")
    return path


def jobs(here: Any) -> list[Path]:
    return list(here.folder.iterdir())


def test_what_is_told_of_a_picture(tmp_path: Path) -> None:
    """Notes may say anything: a header holds no more than ASCII."""
    service = Service(ServerSettings())
    result = tmp_path / "result.webp"
    result.write_bytes(b"0123456789")
    task = Restore(source="", result=str(result), scale=2, weights="auto")
    job = Job(task=task, folder=tmp_path, pixels=1)
    notes = ["größer", "a\r\nSet-Cookie: b"]
    job.end(answer={"weights": "some", "notes": notes})
    file = JobFile(result, job, service)
    assert json.loads(file.headers["jcarsr-notes"]) == notes
    assert "\n" not in file.headers["jcarsr-notes"]
    assert file.headers["jcarsr-weights"] == "some"
    assert file.headers["content-type"] == "image/webp"
    assert file.headers["content-length"] == "10"
    assert job.holders == 1
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(file({"type": "http"}, None, send))  # type: ignore[arg-type]
    assert job.holders == 0
    assert b"".join(message.get("body", b"") for message in sent) == b"0123456789"


def test_what_is_deleted_while_it_is_read_is_read_to_its_end(
    serve_here: ServeHere, fakes: Any, jpeg: Jpeg
) -> None:
    fakes.size = LARGE
    with serve_here() as here:
        path = submitted(here, jpeg)
        with asking(here, f"{path}/result") as connection:
            assert httpx.delete(here.url + path).status_code == 204
            assert httpx.get(here.url + path).status_code == 404
            assert len(jobs(here)) == 1
            got = 0
            while got < LARGE:
                got += len(connection.recv(2**20))
        until(lambda: jobs(here) == [])


def test_a_client_that_takes_nothing_keeps_nothing(
    serve_here: ServeHere, fakes: Any, jpeg: Jpeg
) -> None:
    fakes.size = LARGE
    with serve_here(idle_seconds=0.3) as here:
        path = submitted(here, jpeg)
        with asking(here, f"{path}/result") as connection:
            httpx.delete(here.url + path)
            until(lambda: jobs(here) == [])
            got = 0
            while data := connection.recv(2**20):  # what was on the way; then it is cut off
                got += len(data)
            assert got < LARGE


@pytest.mark.parametrize("how", ["job", "at once"])
def test_a_client_that_goes_away(
    serve_here: ServeHere,
    fakes: Any,
    jpeg: Jpeg,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    """In the middle of its answer: no file stays open, and the log does not tell."""
    fakes.size = LARGE
    with serve_here() as here:
        path = submitted(here, jpeg) if how == "job" else ""
        files = len(psutil.Process().open_files())
        for _ in range(5):
            if how == "job":
                asking(here, f"{path}/result").close()
            else:
                with (
                    httpx.Client(base_url=here.url) as client,
                    client.stream("POST", "/v1/restore", files={"file": jpeg()}) as answer,
                ):
                    next(answer.iter_raw())
        if how == "job":
            httpx.delete(here.url + path)
        until(lambda: jobs(here) == [])
        until(lambda: len(psutil.Process().open_files()) <= files)
    assert caplog.records == []
