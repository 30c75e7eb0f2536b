"""Commands in processes of their own that start in no time: forks of one that has imported much.

`run_forked` starts this file as a program. PyTorch is not imported, and no thread is there yet, so
that forking is safe.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

CLOSED = "closed"
NO_READER = "a pipe without a reader"


@dataclass
class Start:
    """How a command is started.

    Args:
        words: its arguments.
        given: a file that is its standard input; or CLOSED.
        to: a file that its standard output is written to; CLOSED or NO_READER; None: it is kept.
        encoding: of its output.
        before: Python that its process runs first.
    """

    words: Sequence[str]
    given: str = os.devnull
    to: str | None = None
    encoding: str = "utf-8"
    before: str = ""

    def __post_init__(self) -> None:
        self.words = [*map(str, self.words)]


@dataclass
class Ended:
    """The end of a process: its exit code and what it wrote."""

    code: int
    out: bytes
    err: str


def run_forked(*starts: Start) -> list[Ended]:
    """Run commands, one after the other, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asked = json.dumps([asdict(start) for start in starts])
        done = subprocess.run(
            [sys.executable, __file__, folder],
            input=asked,
            capture_output=True,
            text=True,
            timeout=600,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stderr
        return [
            Ended(
                code,
                Path(folder, f"{number}.out").read_bytes(),
                Path(folder, f"{number}.err").read_text(errors="replace"),
            )
            for number, code in enumerate(json.loads(done.stdout))
        ]


def _open(number: int, path: str, mode: int) -> None:
    """Make a file the descriptor of this number."""
    opened = os.open(path, mode, 0o600)
    os.dup2(opened, number)
    os.close(opened)


def _take_places(start: Start, name: Path) -> None:
    """Give this process its standard input, output and error, as Python's start would."""
    _open(2, f"{name}.err", os.O_WRONLY | os.O_CREAT)
    _open(1, f"{name}.out", os.O_WRONLY | os.O_CREAT)
    if start.to == NO_READER:
        reader, writer = os.pipe()
        os.dup2(writer, 1)
        os.close(reader)
        os.close(writer)
    elif start.to not in (None, CLOSED):
        _open(1, start.to, os.O_WRONLY)
    sys.stderr.reconfigure(encoding=start.encoding, errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding=start.encoding, errors="strict")  # type: ignore[union-attr]
    if start.given != CLOSED:
        _open(0, start.given, os.O_RDONLY)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if start.given == CLOSED:
        os.close(0)
        sys.stdin = None  # type: ignore[assignment]
    if start.to == CLOSED:
        os.close(1)
        sys.stdout = None  # type: ignore[assignment]


def _serve(folder: Path) -> None:
    starts = [Start(**each) for each in json.load(sys.stdin)]
    from jcarsr.cli import main
    from jcarsr.cli.commands import load_command

    for name in ("restore", "inspect"):
        load_command(name)
    for module in ("jcarsr.api", "jcarsr.batch.worker", "jcarsr.engines.onnx"):
        importlib.import_module(module)
    codes: list[int] = []
    for number, start in enumerate(starts):
        assert len(os.listdir("/proc/self/task")) == 1
        child = os.fork()
        if child == 0:
            _take_places(start, folder / str(number))
            sys.argv = ["jcarsr", *start.words]
            exec(start.before, {})
            main()
            sys.exit()
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(json.dumps(codes))


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
