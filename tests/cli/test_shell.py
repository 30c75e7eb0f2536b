"""Consoles, pipes, full disks and signals, with the command in processes of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from support.forks import Start, run_forked

from jcarsr.pixels import Pixels

FULL = Path("/dev/full")


@pytest.fixture
def cat(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "ねこ\x1b.jpg"
    Image.fromarray(photo[:32, :40]).save(path, quality=30)
    return path


@pytest.mark.skipif(not FULL.exists(), reason="needs fork, of Linux")
def test_console_that_cannot_show_a_name(tmp_path: Path, cat: Path, tiny_weights: Path) -> None:
    weights = tmp_path / "ねこ.safetensors"
    tiny_weights.rename(weights)
    (tmp_path / "ね").mkdir()
    Image.open(cat).save(tmp_path / "ね" / "a.png")
    inspect = ("inspect", cat, "--weights", weights)
    data = ("--data", tmp_path / "ね", "--scale", 2, "--qf", 10)
    starts = [
        Start(inspect, encoding="cp1252"),
        Start(inspect, encoding="ascii"),
        Start(("evaluate", *data, "--weights", "bicubic"), encoding="ascii"),
        Start(("restore", cat, "-o", tmp_path / "ねこ", "--json"), encoding="ascii"),
        Start(("weights", weights), encoding="ascii"),
    ]
    for start, done in zip(starts, run_forked(*starts), strict=True):
        assert done.code == 0, (start, done.err)
        assert "Traceback" not in done.err
        said = done.out.decode(start.encoding)
        assert "\x1b" not in said
        if start.words[0] in ("inspect", "evaluate"):
            assert r"\u306d" in said


def test_encoding_of_a_process_may_be_any(cat: Path) -> None:
    """As Python takes it from the environment."""
    done = subprocess.run(
        [sys.executable, "-m", "jcarsr", "inspect", cat],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert r"\u306d" in done.stdout.decode("ascii")


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux")
def test_output_that_cannot_be_written_is_one_line_and_1(tmp_path: Path, cat: Path) -> None:
    every = [
        ("restore", cat, "-o", tmp_path / "out.png", "--json"),
        ("inspect", cat, "--json"),
        ("weights",),
        ("--help",),
    ]
    reason = "standard output: cannot be written (No space left on device)"
    for done in run_forked(*(Start(words, to=str(FULL)) for words in every)):
        assert done.code == 1
        assert [line for line in done.err.splitlines() if "->" not in line] == [f"error: {reason}"]


SIGNALLED = """
import os, jcarsr.image.encode as encode
write = encode._write_by_pillow
def slow(*arguments):
    write(*arguments)
    os.kill(os.getpid(), {number})
    for _ in range(1000): pass
encode._write_by_pillow = slow
"""


@pytest.mark.skipif(not FULL.exists(), reason="needs fork, of Linux")
def test_signals_leave_no_part(tmp_path: Path, cat: Path) -> None:
    """Sent when the part is there and the result is not."""
    (tmp_path / "out").mkdir()
    numbers = [signal.SIGTERM, signal.SIGHUP]
    results = [tmp_path / "out" / f"{number.name}.png" for number in numbers]
    starts = [
        Start(("restore", cat, "-o", result), before=SIGNALLED.format(number=int(number)))
        for number, result in zip(numbers, results, strict=True)
    ]
    for number, done in zip(numbers, run_forked(*starts), strict=True):
        assert (done.code, done.err) == (128 + number, f"ended by {number.name}\n")
    left = [*(tmp_path / "out").iterdir()]
    assert set(left) <= set(results)  # what is being written is written to its end
    for path in left:
        with Image.open(path) as image:
            image.load()


def test_ignored_signal_stays_ignored(tmp_path: Path, cat: Path) -> None:
    """As under nohup."""
    script = """
import os, signal, sys
from jcarsr.cli.shell import exit_on_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with exit_on_signals():
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=600).returncode == 0
