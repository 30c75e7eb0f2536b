"""The pictures that a command is given: as words, as a list of paths, on standard input."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from jcarsr.batch.plan import Refused
from jcarsr.cli.options import on_one_line
from jcarsr.cli.pipes import STANDARD, standard_input
from jcarsr.errors import JCARSRError
from jcarsr.image.paths import why_no_path

MAX_LIST = 2**28
"""Bytes of a list of paths; a larger one is refused."""

_BOM = b"\xef\xbb\xbf"  # begins what editors on Windows write

InputsArgument: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PICTURE...]",
        help="Pictures and folders of pictures; - is a picture on standard input.",
        show_default=False,
    ),
]
FilesFromOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Also take the paths in this file, one a line; - is standard input.",
        show_default=False,
    ),
]
NullOption: TypeAlias = Annotated[
    bool,
    typer.Option("--null", "-0", help="The paths of --files-from end in NUL (find -print0)."),
]


@dataclass(frozen=True)
class Inputs:
    """All inputs of a command."""

    inputs: list[Path | Refused]
    """In the order they were given; empty if `piped`."""
    piped: bool = False
    """The one input is what standard input brings."""

    @property
    def only_file(self) -> bool:
        """Whether there is one input and it is no folder."""
        if self.piped:
            return True
        return len(self.inputs) == 1 and not (
            isinstance(self.inputs[0], Path) and os.path.isdir(self.inputs[0])
        )


def gather_inputs(words: Sequence[str] | None, files_from: str | None, null: bool) -> Inputs:
    """Return the inputs that the words of a command and its list name.

    A path of the list is taken as it stands: it is never an option and `-` is a file. So is a
    word such as `./-`.

    Raises:
        ValueError: there is no input at all, `-` is not the only one, or `null` has no list.
        JCARSRError: the list cannot be read or is empty.
    """
    words = words or []
    if null and files_from is None:
        raise ValueError("--null: belongs to --files-from")
    if STANDARD in words:
        if len(words) > 1 or files_from is not None:
            raise ValueError("-: one picture on standard input and no other input")
        return Inputs([], piped=True)
    if not words and files_from is None:
        raise ValueError("no pictures: name files or folders, - or --files-from")
    listed = [] if files_from is None else read_list(files_from, null)
    return Inputs([_path(word) for word in (*words, *listed)])


def read_list(name: str, null: bool) -> list[str]:
    """Return the paths that a file lists.

    Args:
        name: of the file; `-` = standard input.
        null: the paths end in NUL, so that they may hold line breaks.

    Raises:
        JCARSRError: it cannot be read, is too large, lists nothing or is no such list.
    """
    try:
        if name == STANDARD:
            data = standard_input().read(MAX_LIST + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(MAX_LIST + 1)
    except OSError as error:
        raise JCARSRError(f"--files-from {name}: {error.strerror or error}") from error
    if len(data) > MAX_LIST:
        raise JCARSRError(f"--files-from {name}: more than {MAX_LIST:,} bytes")
    if null:
        paths = data.split(b"\0")
    else:
        if b"\0" in data:
            raise JCARSRError(
                f"--files-from {name}: has NUL characters: --null, or save it as plain text"
            )
        paths = [line.removesuffix(b"\r") for line in data.removeprefix(_BOM).split(b"\n")]
    found = [os.fsdecode(path) for path in paths if path]
    if not found:
        raise JCARSRError(f"--files-from {name}: lists no files")
    return found


def _path(word: str) -> Path | Refused:
    reason = why_no_path(word)
    return Path(word) if reason is None else Refused(on_one_line(word), reason)
