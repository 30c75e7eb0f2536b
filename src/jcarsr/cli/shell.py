"""What a command owes the shell that started it: signals, and standard output that fails."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

from jcarsr.errors import JCARSRError

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class SignalExit(SystemExit):
    """A signal ended the command; its code is what a shell shows of such an end."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.name = signal.Signals(number).name


@contextmanager
def exit_on_signals() -> Generator[None]:
    """Let SIGTERM and SIGHUP raise `SignalExit`, as Ctrl-C raises KeyboardInterrupt.

    Contexts then clear away what is half done. A signal that is ignored, as under nohup, or that
    has another handler stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        raise SignalExit(number)

    taken = [number for number in _ENDING if signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def escape_what_cannot_be_shown() -> None:
    """Make standard output escape characters that its encoding lacks, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def say(text: str, output: TextIO | None = None) -> None:
    """Print a line on standard output.

    Args:
        text: the line.
        output: standard output, where `sys.stdout` has been put in its place.

    Raises:
        JCARSRError: it cannot be written: the disk is full.
        BrokenPipeError: its reader is gone.
    """
    try:
        print(text, file=output, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise JCARSRError(output_error(error)) from error


def output_error(error: OSError) -> str:
    """The message for an error of standard output."""
    return f"standard output: cannot be written ({error.strerror or error})"


def is_of_output(error: OSError) -> bool:
    """Whether an error arose where a library printed: it names no file, as those of files do."""
    module = ""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__"))
    return error.filename is None and module.partition(".")[0] in ("rich", "typer", "click")


def no_output() -> bool:
    """Whether the command was started with standard output closed."""
    return sys.stdout is None  # pyright: ignore[reportUnnecessaryComparison]


def output_is_lost() -> bool:
    """Whether standard output still holds what it could not write; that is dropped.

    Without this, Python would try again at its end and fail with another message.
    """
    if no_output():
        return False
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
        return True
    return False
