"""The part of a document that a command writes: what stands between two marker lines."""

from __future__ import annotations

import shutil
from pathlib import Path

from jcarsr.errors import DataError
from jcarsr.partfile import being_written

BEGIN = "<!-- results: written by `make tables`, do not edit -->"
END = "<!-- end of results -->"


def replace_between_markers(path: Path, text: str) -> None:
    """Write `text` between the two marker lines of a Markdown file.

    The file is replaced by a whole new one, of the same permissions, or stays as it is.

    Raises:
        DataError: the file cannot be read or written, or has no such markers.
    """
    path, before, _, after = _parts(path)
    try:
        with being_written(path, lambda part: shutil.copymode(path, part)) as file:
            file.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}".encode())
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from error


def check_between_markers(path: Path, text: str) -> None:
    """See whether `text` is what stands between the marker lines.

    Raises:
        DataError: it is not, or the file cannot be read or has no such markers.
    """
    path, _, inner, _ = _parts(path)
    if inner != f"\n\n{text}\n\n":
        raise DataError(f"{path}: is out of date; make it anew without --check")


def _parts(path: Path) -> tuple[Path, str, str, str]:
    """The file itself, and what it has before, between and after the markers."""
    try:
        path = path.resolve(strict=True)  # the file that a link leads to is the one to replace
        page = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise DataError(f"{path}: cannot be read ({reason})") from error
    before, begin, rest = page.partition(BEGIN)
    inner, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"{path}: has no lines {BEGIN!r} and {END!r}")
    return path, before, inner, after
