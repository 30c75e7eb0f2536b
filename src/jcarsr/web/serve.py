"""Running a server until a signal ends it."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn

from jcarsr.errors import JCARSRError
from jcarsr.web.app import create_app
from jcarsr.web.connections import Connections
from jcarsr.web.service import ServerSettings, Service

if sys.platform != "win32":
    import resource

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_BACKLOG = 128  # connections that are taken from the kernel at once
_FILES = 1024  # open at once: connections, uploads, results
_ENDINGS = (signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else []))
_END_SECONDS = 3  # that answers have when the server ends


def serve(
    host: str,
    port: int,
    settings: ServerSettings,
    hosts: Sequence[str] = (),
    on_start: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP (a terminal that is closed; `nohup` keeps it out).

    Args:
        host: address to listen at.
        port: 0 = any that is free.
        settings: how pictures are restored, and how much is allowed.
        hosts: more names under which the server is asked; an address for all networks is asked
            under any, unless some are given.
        on_start: called with the page's address when it can be opened.

    Raises:
        JCARSRError: the address cannot be used, or no network can be run.
    """
    with listen(host, port) as listener:
        url = f"http://{_url_host(host)}:{listener.getsockname()[1]}"
        names = hosts if _everywhere(host) else (*_own_names(host), *hosts)
        asyncio.run(_serve(listener, settings, names, hosts, lambda: on_start(url)))


def is_loopback(host: str) -> bool:
    """Whether only programs on this computer can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(
    listener: socket.socket,
    settings: ServerSettings,
    names: Sequence[str],
    proxied: Sequence[str],
    on_start: Callable[[], None],
) -> None:
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # warns of every malformed form
    for number in _ENDINGS:  # as Ctrl-C, until the server is there and ends in order
        if not _is_ignored(number):
            signal.signal(number, lambda number, frame: signal.raise_signal(signal.SIGINT))
    _allow_files()
    async with Service(settings) as service:
        config = uvicorn.Config(
            create_app(service, names, proxied),
            log_level="error",  # it warns of every malformed request
            access_log=False,
            server_header=False,
            lifespan="off",
            http=Connections(settings.limits).protocol(),
            ws="none",
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_END_SECONDS,
        )
        server = uvicorn.Server(config)

        def end(number: int, frame: object) -> None:
            server.should_exit = True

        for number in (signal.SIGINT, *_ENDINGS):  # uvicorn sends itself what it caught
            if not _is_ignored(number):
                signal.signal(number, end)
        watch = asyncio.create_task(_watch(server, service, on_start))
        await server.serve(sockets=[listener])
        watch.cancel()


async def _watch(server: uvicorn.Server, service: Service, on_start: Callable[[], None]) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
    on_start()
    while not server.should_exit:
        await asyncio.sleep(0.05)
    service.jobs.cancel_all()


def _is_ignored(number: int) -> bool:
    """Return whether a signal was ignored when the program began, as `nohup` has SIGHUP ignored."""
    return signal.getsignal(number) is signal.SIG_IGN


def _allow_files() -> None:
    """Raise this process's limit of open files if it is lower than what a busy server needs."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _FILES:
        return
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen(host: str, port: int) -> socket.socket:
    """A socket to which clients can connect.

    Raises:
        JCARSRError: the address cannot be used.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).partition(" (while")[0]
        raise JCARSRError(f"cannot listen at {_url_host(host)}:{port} ({reason})") from error
    # asyncio's own listeners have it; without it many answers wait 40 ms for the client's TCP
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _own_names(host: str) -> tuple[str, ...]:
    own = _url_host(host).lower()
    return (*_LOOPBACK_NAMES, own) if is_loopback(host) else (own,)


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
