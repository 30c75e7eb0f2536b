"""Requests that could be read in two ways, one byte at a time and as a whole."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import h11
import pytest

from jcarsr.web.strict import StrictConnection

ServeHere = Callable[..., AbstractContextManager[Any]]
BAD = {
    "both lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked"
    b"\r\n\r\n0\r\n\r\n",
    "both, the other way": b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n"
    b"content-length: 0\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare LF after the request line": b"GET / HTTP/1.1\nHost: a\r\n\r\n",
    "bare LF after a field": b"GET / HTTP/1.1\r\nHost: a\nX-a: b\r\n\r\n",
    "bare LF alone": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF at the end": b"GET / HTTP/1.1\r\nHost: a\r\n\n",
    "bare CR": b"GET / HTTP/1.1\r\nHost: a\r\nX-a: b\rc\r\n\r\n",
    "continued by space": b"GET / HTTP/1.1\r\nHost: a\r\nX-a: b\r\n c\r\n\r\n",
    "continued by tab": b"GET / HTTP/1.1\r\nHost: a\r\nX-a: b\r\n\tc\r\n\r\n",
    "NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX-a: b\0c\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nab",
}
GOOD = {
    "plain": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "LF in a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\na\nb\r\n\tc\r",
    "chunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\n\n\n\r\n0\r\n\r\n",
    "1.0": b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\n\n",
}


def events(data: bytes, step: int) -> list[Any]:
    connection, found = StrictConnection(), list[Any]()
    for start in range(0, len(data), step):
        connection.receive_data(data[start : start + step])
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            found.append(event)
    return found


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_refused(data: bytes, step: int) -> None:
    with pytest.raises(h11.RemoteProtocolError):
        events(data, step)


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_taken(data: bytes, step: int) -> None:
    found = events(data, step)
    assert isinstance(found[0], h11.Request)
    assert isinstance(found[-1], h11.EndOfMessage)
    body = b"".join(bytes(event.data) for event in found[1:-1])
    expected = {"LF in a body": b"a\nb\r\n\tc\r", "chunked": b"\n\n", "1.0": b"\n"}
    assert body == next((expected[name] for name in expected if GOOD[name] is data), b"")


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_served(serve_here: ServeHere, data: bytes) -> None:
    """400 and no more: what follows on the connection is no second request."""
    with serve_here() as here, here.connect() as connection:
        connection.sendall(data + GOOD["plain"])
        answer = b""
        try:
            while more := connection.recv(2**16):
                answer += more
        except ConnectionResetError:
            pass
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1") == 1
