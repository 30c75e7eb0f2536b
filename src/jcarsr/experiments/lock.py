"""A lock between processes of one machine; it ends with the process that holds it."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from jcarsr.locks import lock_file


@contextmanager
def try_lock(path: Path, *, wait: bool) -> Generator[bool]:
    """Hold a lock while within; False = another process has it.

    Args:
        path: a file, made if it is not there.
        wait: until the other lets it go.

    Where files cannot be locked everyone gets it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield lock_file(descriptor, wait=wait) is not False
    finally:
        os.close(descriptor)
