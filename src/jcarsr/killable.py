"""Functions called in a process of their own, which is ended when they take too long.

A decoder that loops, or that breaks its process, costs the one file that it was given. Functions
and their arguments travel as pickles between two processes of one program. A file's bytes travel
as bytes: they are never unpickled.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import IO, Any, TypeVar, cast

from jcarsr.errors import JCARSRError

T = TypeVar("T")
_START_SECONDS = 120.0
_GRACE = 30.0  # seconds after which a process whose parent is gone ends itself
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_DONE, _FAILED, _ITEM = "done", "failed", "item"


class TooLongError(JCARSRError):
    """A call took more than its seconds."""


class CrashError(JCARSRError):
    """The process ended in the middle of a call."""


class ClosedError(Exception):
    """The processes were closed in the middle of a call: nothing is wrong with its arguments."""


class KillableProcess:
    """One process that does one call at a time; started at the first one, and anew when needed.

    Args:
        prepare: called in the process before anything else; a function of a module.
        args: its arguments.
    """

    def __init__(self, prepare: Callable[..., object], *args: object) -> None:
        self._prepare, self._args = prepare, args
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def call(self, seconds: float, function: Callable[..., T], *args: object) -> T:
        """Return what a module's function returns for these arguments, or raise what it raises.

        Args:
            seconds: for the call; starting the process is not counted.
            function: of a module, so that the process can import it.
            args: what pickle takes.

        Raises:
            TooLongError: it took longer; the process was ended.
            CrashError: the process ended by itself.
            ClosedError: `close` was called meanwhile.
        """
        kind, value = self._ask(seconds, function, args)
        assert kind == _DONE
        return value

    def stream(
        self, seconds: float, function: Callable[..., Iterator[T]], *args: object
    ) -> Generator[T]:
        """Yield what a module's generator function yields; as `call` otherwise.

        The next item is made while one is used. Only the time in which it is waited for counts.
        A stream that is left before its end ends the process.
        """
        kind, value = self._ask(seconds, function, args)
        try:
            while kind == _ITEM:
                yield value
                kind, value = self._hear(seconds)
        except GeneratorExit:
            self._kill()
            raise

    def close(self) -> None:
        """End the process, at work or not; a call that waits for it raises ClosedError."""
        self._closed = True
        self._kill()

    def _ask(self, seconds: float, function: Callable[..., object], args: object) -> Any:
        if self._process is None or self._process.poll() is not None:
            self._start()
        return self._hear(seconds, (seconds, function, args))

    def _start(self) -> None:
        self._kill()
        with self._lock:
            if self._closed:
                raise ClosedError
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jcarsr.killable"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what C libraries print of broken files
                start_new_session=True,  # Ctrl-C is for the parent alone
                creationflags=_NEW_GROUP,  # as that, on Windows
            )
        try:
            self._hear(_START_SECONDS, (_START_SECONDS, self._prepare, self._args))
        except BaseException:  # no call may find a process that is not prepared
            self._kill()
            raise

    def _hear(self, seconds: float, request: object = None) -> Any:
        """The next answer, after a request if there is one: (kind, value)."""
        process, late = self._process, threading.Event()
        assert process is not None and process.stdin is not None and process.stdout is not None

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            if request is not None:
                pickle.dump(request, process.stdin, pickle.HIGHEST_PROTOCOL)
                process.stdin.flush()
            kind, value = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:  # it is gone
            if self._closed:
                raise ClosedError from error
            if late.is_set():
                process.wait()
                raise TooLongError(f"took more than {seconds:g} s") from error
            how = _how_it_ended(process)
            raise CrashError(how) from error
        except BaseException as error:
            if self._closed and isinstance(error, ValueError):  # as its pipes are
                raise ClosedError from error
            self._kill()  # a signal: what was asked would be answered to the next one
            raise
        finally:
            timer.cancel()
        if kind == _FAILED:
            raise value
        return kind, value

    def _kill(self) -> None:
        with self._lock:
            process = self._process
            if process is None:
                return
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                _close(pipe)


class KillableProcesses:
    """A few such processes; a call takes one that is free, or waits for one.

    Args:
        count: of processes, each started when it is first needed.
        prepare: as `KillableProcess`.
        args: of `prepare`.
    """

    def __init__(self, count: int, prepare: Callable[..., object], *args: object) -> None:
        self._all = [KillableProcess(prepare, *args) for _ in range(count)]
        self._free = queue.LifoQueue[KillableProcess]()
        for process in reversed(self._all):
            self._free.put(process)

    def call(self, seconds: float, function: Callable[..., T], *args: object) -> T:
        """See `KillableProcess.call`; waiting for a process is not counted."""
        with self._free_process() as process:
            return process.call(seconds, function, *args)

    def stream(
        self, seconds: float, function: Callable[..., Iterator[T]], *args: object
    ) -> Generator[T]:
        """See `KillableProcess.stream`; waiting for a process is not counted."""
        with self._free_process() as process:
            yield from process.stream(seconds, function, *args)

    def close(self) -> None:
        """End all processes; see `KillableProcess.close`."""
        for process in self._all:
            process.close()

    @contextmanager
    def _free_process(self) -> Generator[KillableProcess]:
        process = self._free.get()
        try:
            yield process
        finally:
            self._free.put(process)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:  # what was not yet written to a process that is gone
        pass


def _how_it_ended(process: subprocess.Popen[bytes]) -> str:
    code = process.wait()
    if code < 0:
        try:
            return f"its decoder crashed ({signal.Signals(-code).name})"
        except ValueError:
            return f"its decoder crashed (signal {-code})"
    return f"its decoder crashed (exit code {code})"


def main() -> None:
    """Do calls until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    requests = sys.stdin.buffer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            seconds, function, args = pickle.load(requests)
        except EOFError:
            return
        try:
            for answer in _answers(seconds, function, args):
                pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
                answers.flush()
        except BrokenPipeError:
            os._exit(1)


def _answers(
    seconds: float, function: Callable[..., object], args: tuple[object, ...]
) -> Iterator[tuple[str, object]]:
    try:
        _end_by_itself(seconds)
        value = function(*args)
        if isinstance(value, Iterator):
            for item in cast("Iterator[object]", value):
                faulthandler.cancel_dump_traceback_later()
                yield _ITEM, item
                _end_by_itself(seconds)
            value = None
        faulthandler.cancel_dump_traceback_later()
        yield _DONE, value
    except BrokenPipeError:
        raise
    except Exception as error:  # the caller is to see it
        faulthandler.cancel_dump_traceback_later()
        yield _FAILED, _portable(error)


def _end_by_itself(seconds: float) -> None:
    """End this process some time after its parent should have done so, if that lives no more."""
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds + _GRACE, exit=True, file=nowhere)


def _portable(error: Exception) -> Exception:
    """The same, or one of ours with its text if it cannot travel."""
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception:  # other people's exceptions may fail in any way
        copy = None
    if type(copy) is type(error) and str(copy) == str(error):
        return error
    return JCARSRError(f"unexpected {type(error).__name__}: {' '.join(str(error).split())}")


if __name__ == "__main__":
    importlib.import_module("jcarsr.killable").main()  # not __main__'s: its errors have to travel
