"""HTTP/1.1 requests about whose length or lines two programs could disagree are refused.

h11 takes them as RFC 9112 allows. A proxy that reads them in the other way would take a part of one
client's body for another one's request.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import h11

_HEAD_BYTES = 2**14
_END = b"\r\n\r\n"
_BAD_LINES = re.compile(rb"(?<!\r)\n|\r\n[ \t]|\r[^\n]|\0")  # bare LF, obs-fold, bare CR

Event: TypeAlias = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class StrictConnection(h11.Connection):
    """A server's end of a connection."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)

    def next_event(self) -> Event:
        """Return what came, as h11 does.

        Raises:
            h11.RemoteProtocolError: it is no request, or one that can be read in two ways.
        """
        if self.their_state is h11.IDLE:
            _check_lines(self.trailing_data[0])
        event = super().next_event()
        if isinstance(event, h11.Request):
            _check_framing(event)
        return event


def _check_lines(data: bytes) -> None:
    """See that the lines of a head, as far as it has come, end as they must."""
    end = data.find(_END)
    if _BAD_LINES.search(data if end < 0 else data[: end + 2]):
        raise h11.RemoteProtocolError("lines that do not end in CR LF, or are continued")


def _check_framing(request: h11.Request) -> None:
    """See that a request says its length once, and in its version's way."""
    names = [name for name, _ in request.headers]
    if b"transfer-encoding" in names and (
        b"content-length" in names or request.http_version < b"1.1"
    ):
        raise h11.RemoteProtocolError("Transfer-Encoding with Content-Length, or in HTTP/1.0")
