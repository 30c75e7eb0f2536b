"""Consoles, pipes, full disks and signals, each with the command in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from jcarsr.pixels import Pixels

FULL = Path("/dev/full")


@pytest.fixture
def cat(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "ねこ\x1b.jpg"
    Image.fromarray(photo[:32, :40]).save(path, quality=30)
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "jcarsr", *map(str, arguments)]


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [(kind, "ascii") for kind in ("inspect", "restore", "weights", "evaluate")]
    + [("inspect", "cp1252")],
)
def test_console_that_cannot_show_a_name(
    tmp_path: Path, cat: Path, tiny_weights: Path, encoding: str, kind: str
) -> None:
    weights = tmp_path / "ねこ.safetensors"
    tiny_weights.rename(weights)
    arguments = {
        "inspect": (cat, "--weights", weights),
        "restore": (cat, "-o", tmp_path / "ねこ", "--weights", weights, "--json"),
        "weights": (weights,),
        "evaluate": ("--data", tmp_path / "ね", "--scale", 2, "--qf", 10, "--weights", "bicubic"),
    }
    (tmp_path / "ね").mkdir()
    Image.open(cat).save(tmp_path / "ね" / "a.png")
    done = subprocess.run(
        command(kind, *arguments[kind]),
        env=os.environ | {"PYTHONIOENCODING": encoding, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    said = done.stdout.decode(encoding)
    if kind in ("inspect", "evaluate"):
        assert r"\u306d" in said
    assert not any(character in done.stdout for character in (b"\x1b",))


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux")
@pytest.mark.parametrize("kind", ["restore", "inspect", "weights", "help"])
def test_output_that_cannot_be_written_is_one_line_and_1(
    tmp_path: Path, cat: Path, kind: str
) -> None:
    arguments = {
        "restore": ("restore", cat, "-o", tmp_path / "out.png", "--json"),
        "inspect": ("inspect", cat, "--json"),
        "weights": ("weights",),
        "help": ("--help",),
    }
    with FULL.open("w") as full:
        done = subprocess.run(
            command(*arguments[kind]),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=600,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
    assert done.returncode == 1
    reason = "standard output: cannot be written (No space left on device)"
    assert [line for line in done.stderr.splitlines() if "->" not in line] == [f"error: {reason}"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_no_part(tmp_path: Path, cat: Path, number: signal.Signals) -> None:
    """Sent when the part is there and the result is not."""
    script = f"""
import os, sys, jcarsr.image.encode as encode
from jcarsr.cli import main
write = encode._write_by_pillow
def slow(*arguments):
    write(*arguments)
    os.kill(os.getpid(), {int(number)})
    for _ in range(1000): pass
encode._write_by_pillow = slow
sys.argv = ["jcarsr", "restore", sys.argv[1], "-o", sys.argv[2]]
main()
"""
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, cat, tmp_path / "out" / "a.png"],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 128 + number, done.stderr
    assert done.stderr == f"ended by {number.name}\n"
    left = [path.name for path in (tmp_path / "out").iterdir()]
    assert left in ([], ["a.png"])  # what is being written is written to its end
    if left:
        with Image.open(tmp_path / "out" / "a.png") as image:
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
