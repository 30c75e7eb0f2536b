"""Running a server until it is told to end."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from collections.abc import Callable, Sequence

import uvicorn

from jcarsr.errors import JCARSRError
from jcarsr.web.app import create_app
from jcarsr.web.service import ServerSettings, Service

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_CONNECTIONS = 256
_END_SECONDS = 3  # that answers have when the server ends


def serve(
    host: str,
    port: int,
    settings: ServerSettings,
    hosts: Sequence[str] = (),
    on_start: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        host: address to listen at.
        port: 0 = any that is free.
        settings: how pictures are restored, and how much is allowed.
        hosts: more names under which the server is asked; an address for all networks is asked
            under any, unless some are given.
        on_start: told the page's address when it can be opened.

    Raises:
        JCARSRError: the address cannot be used, or no network can be run.
    """
    with _listen(host, port) as listener:
        url = f"http://{_shown(host)}:{listener.getsockname()[1]}"
        names = hosts if _everywhere(host) else (*_own_names(host), *hosts)
        asyncio.run(_serve(listener, settings, names, lambda: on_start(url)))


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
    on_start: Callable[[], None],
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn ends, then sends itself what it caught
        signal.signal(number, lambda number, frame: None)
    async with Service(settings) as service:
        config = uvicorn.Config(
            create_app(service, names),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_END_SECONDS,
        )
        server = uvicorn.Server(config)
        told = asyncio.create_task(_tell(server, on_start))
        await server.serve(sockets=[listener])
        told.cancel()


async def _tell(server: uvicorn.Server, on_start: Callable[[], None]) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
    on_start()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise JCARSRError(f"cannot listen at {_shown(host)}:{port} ({reason})") from error


def _everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _own_names(host: str) -> tuple[str, ...]:
    return _LOOPBACK_NAMES if is_loopback(host) else (_shown(host).lower(),)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
