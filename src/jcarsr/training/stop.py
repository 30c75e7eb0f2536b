"""Ctrl-C and SIGTERM as a wish to stop at the next step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class StopFlag:
    """Whether somebody asked the run to stop."""

    raised = False


@contextmanager
def stop_on_signals() -> Generator[StopFlag]:
    """The first Ctrl-C or SIGTERM sets the flag, a second one is handled as usual.

    Outside the main thread, which alone receives signals, nothing sets it.
    """
    flag = StopFlag()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        flag.raised = True
        restore()

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield flag
    finally:
        restore()
