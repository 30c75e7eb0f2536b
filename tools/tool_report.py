"""How tools end: with a line on standard output, or one of an error and exit code 1."""

from __future__ import annotations

import sys
from collections.abc import Callable

from jcarsr.errors import JCARSRError


def report(do: Callable[[], object]) -> int:
    """Call `do` and print what it returns; print the error that it raises. Gives the exit code."""
    try:
        print(do())
    except JCARSRError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
