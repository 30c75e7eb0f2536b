"""Ctrl-C while Python itself does not come to look at signals."""

import os
import signal
import subprocess
import sys
import time

import pytest

from jcarsr.cli.interrupt import STOPPING, announce_interrupt

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")

SCRIPT = """
import ctypes, signal, sys, threading, time
from jcarsr.cli.interrupt import announce_interrupt

def say(text):
    print(text, file=sys.stderr, flush=True)

try:
    with announce_interrupt(say):
        if sys.argv[1] == "computes":
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # so that sleep goes on
            threading.Timer(1, print, ["ready"], {"flush": True}).start()  # when that has begun
            ctypes.CDLL(None).sleep(int(sys.argv[2]))
        else:
            print("ready", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    sys.exit("stopped")
"""


def started(*arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_it_is_answered_at_once_and_a_second_one_ends_the_process() -> None:
    with started("computes", "60") as process:
        assert process.stderr is not None
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == f"{STOPPING}\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
        assert time.monotonic() - begun < 30
    assert (process.returncode, stderr) == (130, "interrupted\n")


def test_first_one_alone_is_waited_for() -> None:
    with started("computes", "2") as process:
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (1, f"{STOPPING}\nstopped\n")


def test_quick_end_needs_no_announcement() -> None:
    with started("waits") as process:
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
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
