"""Connections without a request: silent, slow, too many, or with a client that does not read."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from http.client import HTTPResponse
from typing import Any

import httpx
import pytest

from jcarsr.web import connections

ServeHere = Callable[..., AbstractContextManager[Any]]
WAIT = 60  # seconds after which what should have happened has not
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPLOAD = b"POST /v1/inspect HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n"
SERVICE = HEALTH.replace(b"/healthz", b"/v1/service")


def status(connection: socket.socket, request: bytes = HEALTH) -> int:
    connection.sendall(request)
    response = HTTPResponse(connection)
    response.begin()
    response.read()
    return response.status


def at_work(connection: socket.socket) -> None:
    """Begin to upload; this returns when the server waits for the rest."""
    connection.sendall(UPLOAD + b"Expect: 100-continue\r\n\r\n")
    response = b""
    while not response.endswith(b"\r\n\r\n"):
        response += connection.recv(1)
    assert response.startswith(b"HTTP/1.1 100 ")


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    data = b""
    try:
        while more := connection.recv(2**16):
            data += more
    except ConnectionResetError:
        pass
    return data


def closed(connection: socket.socket) -> bool:
    """Whether the server has closed it by now."""
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.settimeout(WAIT)


class TestTime:
    """Every connection gets `head_seconds` for a whole request head."""

    @pytest.mark.parametrize("asked_before", [False, True])
    def test_silence(self, serve_here: ServeHere, asked_before: bool) -> None:
        with serve_here(head_seconds=0.3) as here, here.connect() as connection:
            if asked_before:
                assert status(connection) == 200
            began = time.monotonic()
            assert rest(connection) == b""
            assert time.monotonic() - began < WAIT / 2

    @pytest.mark.parametrize("asked_before", [False, True])
    def test_a_head_that_comes_slowly(self, serve_here: ServeHere, asked_before: bool) -> None:
        """However often another byte of it comes."""
        with serve_here(head_seconds=0.3) as here, here.connect() as connection:
            if asked_before:
                assert status(connection) == 200
            connection.sendall(HEALTH[:-4] + b"\r\nX-a: ")
            began = time.monotonic()
            while not closed(connection) and time.monotonic() - began < WAIT:
                try:
                    if connection.recv(13, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                        break
                except BlockingIOError:
                    connection.sendall(b"a")
                    time.sleep(0.02)
            assert rest(connection).startswith(b"HTTP/1.1 408 ")
            assert 0.2 < time.monotonic() - began < WAIT

    def test_the_rest_of_a_body_after_its_answer(self, serve_here: ServeHere) -> None:
        """A request that is answered before its body has come does not hold its connection."""
        with serve_here(head_seconds=0.3) as here, here.connect() as connection:
            assert status(connection, HEALTH[:-2] + b"Content-Length: 9999\r\n\r\n") == 200
            began = time.monotonic()
            while not closed(connection):
                assert time.monotonic() - began < WAIT
                try:
                    connection.sendall(b"a")
                except ConnectionError:
                    break
                time.sleep(0.02)

    def test_an_answer_that_takes_longer(
        self, serve_here: ServeHere, fakes: Any, jpeg: Callable[..., bytes]
    ) -> None:
        """It is the head that is waited for, not the picture."""
        fakes.open.clear()
        with serve_here(head_seconds=0.5) as here, here.connect() as connection:
            request = httpx.Request("POST", f"{here.url}/v1/restore", files={"file": jpeg()})
            body = request.read()
            lines = [f"{name}: {value}" for name, value in request.headers.items()]
            head = "\r\n".join(["POST /v1/restore HTTP/1.1", *lines, "", ""])
            connection.sendall(head.encode() + body)
            assert fakes.begun.acquire(timeout=WAIT)
            time.sleep(0.6)
            fakes.open.set()
            assert connection.recv(13).startswith(b"HTTP/1.1 200")

    def test_a_client_that_does_not_read(self, serve_here: ServeHere) -> None:
        """What it asked for is thrown away when its buffers have been full for a while."""
        request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with serve_here(idle_seconds=0.2, head_seconds=0.2) as here, here.connect() as connection:
            began = time.monotonic()
            with pytest.raises(ConnectionError):
                while time.monotonic() - began < WAIT:
                    connection.sendall(request * 10)


class TestNumber:
    def test_idle_ones_go_first(self, serve_here: ServeHere) -> None:
        """Those that never asked before one that did, the oldest first; none that is at work."""
        with serve_here(connections=4, head_seconds=WAIT) as here, ExitStack() as stack:

            def connect() -> socket.socket:
                return stack.enter_context(here.connect())

            at_work(uploading := connect())
            asked = connect()
            assert status(asked) == 200
            silent = [connect() for _ in range(2)]
            assert status(connect()) == 200  # whoever connects is heard
            assert [closed(each) for each in (uploading, asked, *silent)] == [0, 0, 1, 0]
            for _ in range(20):
                assert status(connect()) == 200
            assert not closed(uploading)

    def test_many_silent_ones(self, serve_here: ServeHere) -> None:
        with serve_here(connections=20, head_seconds=WAIT) as here, ExitStack() as stack:
            silent = [stack.enter_context(here.connect()) for _ in range(200)]
            with here.connect() as connection:
                assert status(connection) == 200
                assert status(connection, SERVICE) == 200
            assert sum(closed(each) for each in silent) >= 180

    @pytest.mark.skipif(sys.platform != "linux", reason="has all of 127.0.0.0/8")
    def test_the_client_with_most_loses_one(self, serve_here: ServeHere) -> None:
        with serve_here(connections=5, head_seconds=WAIT) as here, ExitStack() as stack:
            one = stack.enter_context(here.connect("127.0.0.2"))
            others = [stack.enter_context(here.connect("127.0.0.3")) for _ in range(4)]
            assert status(stack.enter_context(here.connect("127.0.0.4"))) == 200
            assert [closed(each) for each in (one, *others)] == [0, 1, 0, 0, 0]

    def test_health_when_all_are_at_work(
        self, serve_here: ServeHere, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A few more are heard: /healthz is answered, all else refused; and then no more."""
        monkeypatch.setattr(connections, "_RESERVE", 2)
        with serve_here(connections=4) as here, ExitStack() as stack:
            for _ in range(3):
                at_work(stack.enter_context(here.connect()))
            fourth = stack.enter_context(here.connect())
            assert status(fourth, SERVICE) == 503  # its client has three of four
            fourth = stack.enter_context(here.connect())
            fourth.sendall(UPLOAD + b"\r\n")
            for _ in range(3):
                with here.connect() as connection:
                    assert status(connection) == 200
                with here.connect() as connection:
                    assert status(connection, SERVICE) == 503
                    assert rest(connection) == b""

    @pytest.mark.skipif(sys.platform != "linux", reason="has all of 127.0.0.0/8")
    def test_one_client_at_work_leaves_room_for_another(self, serve_here: ServeHere) -> None:
        with serve_here(connections=4) as here, ExitStack() as stack:
            for _ in range(3):
                at_work(stack.enter_context(here.connect("127.0.0.2")))
            stack.enter_context(here.connect("127.0.0.2")).sendall(UPLOAD + b"\r\n")
            with here.connect("127.0.0.3") as connection:
                assert status(connection, SERVICE) == 200
