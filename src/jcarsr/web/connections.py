"""Connections before and between requests: how long they may be silent, and how many there are.

uvicorn limits neither. Its protocol for HTTP/1.1 is extended here by what it lets a class extend:
`asyncio.Protocol`'s callbacks and its own `handle_events` and `on_response_complete`.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections import Counter
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from jcarsr.web.clients import largest_share, share_of
from jcarsr.web.limits import Limits
from jcarsr.web.strict import StrictConnection

_RESERVE = 32  # connections above the limit, on which /healthz is answered and all else refused
_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connections:
    """All connections of a server; a new one takes the place of one that does nothing.

    Args:
        limits: of connections and of their time.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: set[Connection] = set()

    def protocol(self) -> type[Connection]:
        """Return the class for uvicorn's option `http`."""
        return type("Connection", (Connection,), {"crowd": self})

    def enter(self, new: Connection) -> bool:
        """Give a connection a place; False: there is none, all others are at work."""
        if len(self._open) >= self.limits.connections:
            counts = Counter(each.client_share for each in self._open)
            idle = [each for each in self._open if not each.at_work]
            # of the client that has most, one that never asked, the oldest
            idle.sort(key=lambda c: (-counts[c.client_share], c.asked, c.since))
            first = next((each for each in idle if not each.has_unread), None)
            if first is not None:
                self.leave(first)
                first.dismiss()
            elif len(self._open) >= self.limits.connections + _RESERVE:
                return False
        self._open.add(new)
        return True

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.discard(connection)

    def is_crowded(self, client: str) -> bool:
        """Return whether more requests are at work than there are places, in all or for one."""
        busy = Counter(each.client_share for each in self._open if each.at_work)
        most = self.limits.connections
        return busy.total() > most or busy[client] > largest_share(most)


class Connection(H11Protocol):
    """One connection; requests find it in their scope's state, as `connection`."""

    crowd: Connections

    def __init__(self, *said: Any, **named: Any) -> None:
        super().__init__(*said, **named)
        self.app_state = {**self.app_state, "connection": self}
        self.conn = StrictConnection()
        self.client_share = ""
        self.asked = False  # a whole request head has come at least once
        self.since = self.loop.time()  # when it began to wait for a request head
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    @property
    def at_work(self) -> bool:
        """Whether a request is being answered."""
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    @property
    def has_unread(self) -> bool:
        """Whether something has come that was not looked at yet: a request, for example."""
        connected: socket.socket | None = self.transport.get_extra_info("socket")
        if connected is None or connected.fileno() < 0:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(connected.fileno(), selectors.EVENT_READ)
            return bool(selector.select(0))

    @property
    def is_crowded(self) -> bool:
        """Whether its request should be refused because too many others are at work."""
        return self.crowd.is_crowded(self.client_share)

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a request head, or hang up where there is no place."""
        super().connection_made(transport)
        self.client_share = share_of(self.client[0]) if self.client else ""
        if self.crowd.enter(self):
            self._watch()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the others its place."""
        self.crowd.leave(self)
        self._stop_timers()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """See what came; a head that is whole stops the clock."""
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request head."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Wait until the client takes what was sent, for a limited time."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(
            self.crowd.limits.idle_seconds, self.transport.abort
        )

    def resume_writing(self) -> None:
        """Go on sending."""
        self._stop_write_timer()
        super().resume_writing()

    def dismiss(self) -> None:
        """Close it: it does nothing, and its place or its time is over."""
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()  # closing would wait for a client that does not read
            return
        if self.conn.trailing_data[0]:  # a part of a head has come
            self.transport.write(_LATE)
        self.transport.close()

    def _watch(self) -> None:
        """Have the clock run while no request is being answered, and only then.

        It runs on while a transport closes, and after an early answer while the rest of a body
        comes: neither lasts longer than a head may.
        """
        if self.at_work:
            self.asked = True
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None
        elif self._head_timer is None:
            self.since = self.loop.time()
            self._head_timer = self.loop.call_later(self.crowd.limits.head_seconds, self._late)

    def _late(self) -> None:
        self._head_timer = None
        self.dismiss()
        self._head_timer = self.loop.call_later(self.crowd.limits.head_seconds, self._late)

    def _stop_timers(self) -> None:
        self._stop_write_timer()
        if self._head_timer is not None:
            self._head_timer.cancel()

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
