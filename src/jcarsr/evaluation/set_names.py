"""What rows call the folders that pictures come from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def set_names(folders: Sequence[Path]) -> list[str]:
    """A name for each folder: its own, with those above it where another has the same.

    A folder that is given twice has one name.

    >>> set_names([Path("data/Set5"), Path("a/HR"), Path("b/HR")])
    ['Set5', 'a/HR', 'b/HR']
    """
    places = [Path(os.path.abspath(folder)) for folder in folders]  # of "." the real name
    return [_shortest(place, set(places) - {place}) for place in places]


def _shortest(place: Path, others: set[Path]) -> str:
    """The fewest last parts of a path that are no other's."""
    for count in range(1, len(place.parts)):
        name = _end(place, count)
        if all(_end(other, count) != name for other in others):
            return name
    return place.as_posix()


def _end(place: Path, count: int) -> str:
    return Path(*place.parts[-count:]).as_posix()
