import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import psutil
import pytest

from jcarsr.errors import JCARSRError
from jcarsr.web.serve import _everywhere, _own_names, is_loopback, listen

Serve = Callable[..., AbstractContextManager[Any]]


@pytest.mark.parametrize(
    ("host", "loopback", "everywhere"),
    [
        ("127.0.0.1", True, False),
        ("127.8.9.10", True, False),
        ("::1", True, False),
        ("localhost", True, False),
        ("0.0.0.0", False, True),
        ("::", False, True),
        ("192.168.0.7", False, False),
        ("photos.example", False, False),
        ("", False, False),
    ],
)
def test_who_can_reach_it(host: str, loopback: bool, everywhere: bool) -> None:
    assert (is_loopback(host), _everywhere(host)) == (loopback, everywhere)


def test_answers_come_at_once() -> None:
    """Not after the 40 ms for which a client that got a first part would delay its word for it."""
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        answering, _ = listener.accept()
        with answering:
            assert answering.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("localhost", {"localhost", "127.0.0.1", "[::1]"}),
        ("127.0.0.2", {"localhost", "127.0.0.1", "[::1]", "127.0.0.2"}),
        ("192.168.0.7", {"192.168.0.7"}),
        ("fe80::1", {"[fe80::1]"}),
        ("Photos.Example", {"photos.example"}),
    ],
)
def test_names_under_which_it_is_asked(host: str, names: set[str]) -> None:
    assert set(_own_names(host)) == names


def test_addresses_that_cannot_be_used() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(JCARSRError) as told:
            listen("127.0.0.1", port)
        assert str(told.value) == f"cannot listen at 127.0.0.1:{port} (Address already in use)"
    for host in ("192.0.2.1", "::ffff:ffff", "\0", "x" * 300):
        with pytest.raises(JCARSRError, match="cannot listen at ") as told:
            listen(host, 0)
        assert "\n" not in str(told.value)


@pytest.mark.skipif(sys.platform != "linux", reason="has all of 127.0.0.0/8")
def test_another_loopback_address_and_another_name(serve: Serve) -> None:
    with serve("--host", "127.0.0.3", "--allow-host", "Photos.Example:443") as running:
        assert running.url.startswith("http://127.0.0.3:")
        for host, status in (("", 200), ("photos.example", 200), ("evil.example", 403)):
            headers = {"Host": host} if host else {}
            assert httpx.get(f"{running.url}/healthz", headers=headers).status_code == status


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process")
def test_no_room_for_an_upload(server: Any, client: httpx.Client, jpeg: Any) -> None:
    """However the form is stored: it is not the client's fault, and can be tried again."""
    process = psutil.Process(server.pid)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    picture = jpeg() + bytes(3 * 2**20)
    try:
        for room in (2 * 2**20, 1000):  # the form's own file is too large, then the copy of it
            process.rlimit(psutil.RLIMIT_FSIZE, (room, before[1]))
            sent = picture if room > 1000 else jpeg() + bytes(2000)
            for path in ("/v1/inspect", "/v1/restore"):
                answer = client.post(path, files={"file": sent})
                assert answer.json()["detail"] == "the server's disk is full"
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)
    assert client.post("/v1/restore", files={"file": picture}).status_code == 200
