"""The `jcarsr` command in tests, and what it leaves behind."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from typer.testing import CliRunner, Result

from jcarsr.batch.ledger import FILE_NAME
from jcarsr.cli import app


@dataclass
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error: ")]


Command = Callable[..., Said]


def restore(weights: Path, *arguments: object, code: int = 0) -> Result:
    """`jcarsr restore` by some weights on one thread, with the exit code that is expected."""
    words = ["restore", *map(str, arguments), "--weights", str(weights), "--threads", "1"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    return result


def process(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jcarsr", "restore", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def results(out: Path) -> list[str]:
    return sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.name != FILE_NAME)


def open_image(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image
