"""Ctrl-C is answered at once, also while the network computes."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

STOPPING = "stopping: what is being computed or written is finished first; Ctrl-C again: at once"
"""What the first Ctrl-C is answered with."""

_QUICK = 0.2  # seconds within which an end needs no announcement
_SHOW_CURSOR = "\x1b[?25h"  # which a progress bar hides


@contextmanager
def announce_interrupt(say: Callable[[str], None]) -> Generator[None]:
    """Answer Ctrl-C at once; a second one ends the process without waiting for anything.

    Python raises KeyboardInterrupt between two of its own steps, a tile is one of them. Meanwhile a
    thread hears of the signal. To end at once is as safe as a loss of power: results have their
    names and entries when they are whole, and the next run removes what is not.

    Outside the main thread, and where Ctrl-C is ignored or has another handler, nothing changes.

    Args:
        say: prints a line; called from the thread.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    hears, tells = socket.socketpair()
    tells.setblocking(False)
    before = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=_listen, args=(hears, say), daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        tells.close()  # which ends the thread
        thread.join()
        hears.close()


def _listen(hears: socket.socket, say: Callable[[str], None]) -> None:
    """Wait for signals, of each of which a byte comes, until there can be no more."""
    if not _hear(hears):
        return
    hears.settimeout(_QUICK)
    try:
        again = _hear(hears)
    except TimeoutError:
        with suppress(Exception):  # nobody can be told
            say(STOPPING)
        hears.settimeout(None)
        again = _hear(hears)
    if again:
        with suppress(OSError, ValueError, AttributeError):  # standard error is closed
            cursor = _SHOW_CURSOR if sys.stderr.isatty() else ""
            os.write(sys.stderr.fileno(), f"{cursor}interrupted\n".encode())
        os._exit(128 + signal.SIGINT)


def _hear(hears: socket.socket) -> bool:
    """Wait for Ctrl-C; False if there can be none any more.

    Raises:
        TimeoutError: none has come within the socket's seconds.
    """
    while number := hears.recv(1):
        if number[0] == signal.SIGINT:
            return True
    return False
