"""Pictures on standard input and standard output."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from jcarsr.cli.shell import no_output, output_error
from jcarsr.errors import JCARSRError
from jcarsr.image.guard import MAX_BYTES

if TYPE_CHECKING:
    from jcarsr.restoring.outcome import Outcome

STANDARD = "-"
"""The word that stands for standard input and for standard output."""

_PIECE = 2**20  # bytes copied at once


def standard_input() -> IO[bytes]:
    """Return standard input, of bytes.

    Raises:
        JCARSRError: it is closed.
    """
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]
        raise JCARSRError("standard input: is closed")
    return sys.stdin.buffer


def read_picture() -> bytes:
    """Return all that standard input brings: a picture, no larger than a file of one may be.

    Raises:
        ValueError: it is a terminal.
        JCARSRError: it is closed, cannot be read, or brings too much.
    """
    stream = standard_input()
    if stream.isatty():
        raise ValueError("-: standard input is a terminal and brings no picture")
    try:
        data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise JCARSRError(f"standard input: cannot be read ({error.strerror or error})") from error
    if len(data) > MAX_BYTES:
        raise JCARSRError(f"standard input: has more than {MAX_BYTES:,} bytes: refused")
    return data


@contextmanager
def picture_output(extension: str) -> Generator[tuple[Path, Callable[[Outcome], Outcome]]]:
    """Keep standard output for one picture and nothing else.

    What libraries print meanwhile goes to standard error.

    Args:
        extension: of the picture's format.

    Yields:
        the name under which the result is to be saved, in a folder that is removed at the end; and
        a function that copies the result of an outcome to standard output and returns the outcome
        with `-` as its target. An outcome is a failed one if that cannot be done.

    Raises:
        ValueError: standard output is a terminal.
        JCARSRError: it is closed, or there is no room for the temporary folder.
    """
    if no_output():
        raise JCARSRError("standard output: is closed")
    if sys.stdout.isatty():
        raise ValueError("--out -: standard output is a terminal: redirect it, or name a file")
    try:
        folder = tempfile.TemporaryDirectory(prefix="jcarsr-")
    except OSError as error:
        raise JCARSRError(f"temporary folder: cannot be made ({error.strerror})") from error
    with folder as place, _only_ours() as output:
        result = Path(place, f"result.{extension}")

        def send(outcome: Outcome) -> Outcome:
            shown = replace(outcome, target=Path(STANDARD))
            if outcome.state != "done":
                return shown
            try:
                _copy(result, output)
            except OSError as error:
                return replace(shown, target=None, state="failed", error=output_error(error))
            return shown

        yield result, send


def _copy(path: Path, output: int) -> None:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            while piece:
                piece = piece[os.write(output, piece) :]


@contextmanager
def _only_ours() -> Generator[int]:
    """A descriptor of standard output, to which others do not write meanwhile."""
    sys.stdout.flush()
    number = sys.stdout.fileno()
    own = os.dup(number)
    try:
        with open(os.devnull, "wb") as nowhere:
            no_errors = sys.stderr is None  # pyright: ignore[reportUnnecessaryComparison]
            os.dup2(nowhere.fileno() if no_errors else sys.stderr.fileno(), number)
        yield own
    finally:
        sys.stdout.flush()
        os.dup2(own, number)
        os.close(own)
