"""Ctrl-C while Python itself does not come to look at signals."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

import psutil
import pytest

from jcarsr.cli.interrupt import STOPPING, announce_interrupt

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
WAIT = 60  # seconds after which what should have happened has not

SCRIPT = """
import ctypes, signal, sys, time
from jcarsr.cli import interrupt

def say(text):
    print(text, file=sys.stderr, flush=True)

library, interrupt._QUICK = ctypes.CDLL(None), float(sys.argv[2])
try:
    with interrupt.announce_interrupt(say):
        if sys.argv[1] == "computes":
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # so that reading goes on
            print("ready", flush=True)
            library.read(0, ctypes.create_string_buffer(1), 1)
        else:
            print("ready", flush=True)
        time.sleep(600)
except KeyboardInterrupt:
    sys.exit("stopped")
"""


@contextmanager
def started(what: str, quick: float) -> Generator[subprocess.Popen[str]]:
    """A process that "waits", or that "computes" outside of Python until it is given something."""
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, what, str(quick)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            while psutil.Process(process.pid).status() != psutil.STATUS_SLEEPING:
                time.sleep(0.01)  # until it computes
            yield process
        finally:
            process.kill()


def test_it_is_answered_at_once_and_a_second_one_ends_the_process() -> None:
    with started("computes", 0.01) as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == f"{STOPPING}\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT) == 130
        assert process.stderr.read() == "interrupted\n"


def test_first_one_alone_is_waited_for() -> None:
    with started("computes", 0.01) as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == f"{STOPPING}\n"
        _, stderr = process.communicate("x", timeout=WAIT)
    assert (process.returncode, stderr) == (1, "stopped\n")


def test_quick_end_needs_no_announcement() -> None:
    with started("waits", WAIT) as process:
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=WAIT)
    assert (process.returncode, stderr) == (1, "stopped\n")


def test_nothing_stays_behind_and_an_ignored_signal_stays_ignored() -> None:
    with announce_interrupt(print):
        pass
    assert signal.set_wakeup_fd(-1) == -1
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with announce_interrupt(print):
            assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGINT, before)
