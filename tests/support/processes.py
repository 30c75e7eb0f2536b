"""Other processes that hold what a test is about."""

import subprocess
import sys
from pathlib import Path


def start_holding(code: str, path: Path) -> subprocess.Popen[str]:
    """A process that runs `code`, whose argument is `path`; it ends when its input does.

    The code prints "ready" and waits for its input; this returns when it has.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", code, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
