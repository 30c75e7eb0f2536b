import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jcarsr.errors import JCARSRError
from jcarsr.killable import (
    ClosedError,
    CrashError,
    KillableProcess,
    KillableProcesses,
    TooLongError,
)

LONG = 60.0  # seconds after which what should have happened has not


def children() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [child for child in found if "jcarsr.killable" in child.cmdline()]


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def process() -> Iterator[KillableProcess]:
    made = KillableProcess(os.getpid)
    yield made
    made.close()
    assert not children()


def test_calls_are_done_elsewhere_by_one_process(process: KillableProcess) -> None:
    first = process.call(LONG, os.getpid)
    assert first != os.getpid()
    assert process.call(LONG, os.getpid) == first
    assert process.call(LONG, divmod, 7, 2) == (3, 1)


def test_what_takes_too_long_is_ended_and_the_next_call_is_done(process: KillableProcess) -> None:
    with pytest.raises(TooLongError, match=r"more than 0\.2 s"):
        process.call(0.2, time.sleep, LONG)
    assert process.call(LONG, divmod, 7, 2) == (3, 1)


def test_a_crash_costs_its_call_alone(process: KillableProcess) -> None:
    with pytest.raises(CrashError, match="exit code 3"):
        process.call(LONG, os._exit, 3)
    if sys.platform != "win32":
        with pytest.raises(CrashError, match="SIGABRT"):
            process.call(LONG, os.abort)
    assert process.call(LONG, divmod, 7, 2) == (3, 1)


def test_a_process_that_was_not_prepared_is_not_used(tmp_path: Path) -> None:
    process = KillableProcess(os.listdir, str(tmp_path / "later"))
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            process.call(LONG, os.getpid)
        assert not children()
    (tmp_path / "later").mkdir()
    assert process.call(LONG, os.getpid) != os.getpid()
    process.close()


def test_errors_travel_or_their_text_does(process: KillableProcess) -> None:
    with pytest.raises(ZeroDivisionError):
        process.call(LONG, divmod, 1, 0)
    with pytest.raises(JCARSRError, match=r"^unexpected E: words$"):
        process.call(LONG, exec, "class E(Exception): ...\nraise E('words')")
    assert process.call(LONG, divmod, 7, 2) == (3, 1)


def test_a_stream_left_early_leaves_no_rest_behind(process: KillableProcess) -> None:
    assert list(process.stream(LONG, iter, [1, 2, 3])) == [1, 2, 3]
    stream = process.stream(LONG, iter, [1, 2, 3])
    assert next(stream) == 1
    stream.close()
    assert process.call(LONG, divmod, 7, 2) == (3, 1)


def test_only_waiting_for_an_item_counts(process: KillableProcess) -> None:
    process.call(LONG, divmod, 7, 2)  # started
    for _ in process.stream(1.0, iter, [1, 2, 3]):
        time.sleep(0.5)


def test_what_is_printed_is_no_answer(process: KillableProcess) -> None:
    assert process.call(LONG, os.system, "echo printed") == 0


def test_closing_ends_a_call_at_once() -> None:
    both = KillableProcesses(2, os.getpid)
    ended: list[Exception] = []

    def wait() -> None:
        try:
            both.call(LONG, time.sleep, LONG)
        except ClosedError as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    wait_until(lambda: bool(children()))
    both.close()
    thread.join(LONG)
    assert len(ended) == 1
    assert not children()


class ClosedAtTheStart(KillableProcess):
    def _hear(self, seconds: float, request: object = None) -> Any:
        self.close()
        return super()._hear(seconds, request)


def test_closing_a_process_that_is_just_started_ends_its_call_too() -> None:
    with pytest.raises(ClosedError):
        ClosedAtTheStart(os.getpid).call(LONG, os.getpid)
    assert not children()


def test_several_processes_work_at_once_and_are_started_when_needed() -> None:
    both = KillableProcesses(2, os.getpid)
    first = both.call(LONG, os.getpid)
    assert both.call(LONG, os.getpid) == first  # one is enough
    stream = both.stream(LONG, iter, [1, 2])
    next(stream)
    assert both.call(LONG, os.getpid) != first
    stream.close()
    both.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_process_of_a_parent_that_is_gone_ends(process: KillableProcess) -> None:
    pid = process.call(LONG, os.getpid)
    assert psutil.Process(pid).is_running()
    os.kill(pid, signal.SIGINT)  # a terminal's Ctrl-C is for the parent
    assert process.call(LONG, os.getpid) == pid
    inner = process._process
    assert inner is not None and inner.stdin is not None
    inner.stdin.close()  # as the system does for a parent that was killed
    assert inner.wait(LONG) == 0
