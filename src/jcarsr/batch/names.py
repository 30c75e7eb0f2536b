"""How results are named: from their pictures, apart from each other, and as an earlier run did."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

DEFAULT_NAME = "{stem}_{size}"
FIELDS = ("stem", "suffix", "parent", "size")
"""Of a template."""


def place_results(
    found: Sequence[tuple[Path, Path]],
    name: str,
    size: str,
    *,
    elsewhere: Callable[[int], Sequence[Path]] = lambda index: (),
    known: Callable[[int, Path], bool] = lambda index, place: False,
    taken: Callable[[int, Path], bool] = lambda index, place: False,
) -> tuple[list[Path], Collection[int]]:
    """Return each result's path without extension, and the indices of those that are known.

    A source of which a result is known keeps its name: of those that would share a name, only the
    others get a longer one. So do those whose place another source's result has.

    Args:
        found: a source, whose folder's name is {parent}, and the folder of its result.
        name: the template.
        size: what {size} stands for.
        elsewhere: other folders where an earlier run may have put a source's result, by its index
            in `found`.
        known: whether a place is that of a result of a source, given by its index, which an earlier
            run made.
        taken: whether it is that of a result of another source, from which the longer name tells
            it apart.

    Raises:
        ValueError: the template is wrong.
    """
    short = [folder / fill(name, source, size) for source, folder in found]
    long = [folder / fill(name, source, size, long=True) for source, folder in found]
    first = _tell_apart(short, long, long_ones := set[int](), {})
    kept: dict[int, Path] = {}
    for index, place in enumerate(first):
        places = [place, short[index], long[index]]
        for folder in elsewhere(index):
            places += [folder / short[index].name, folder / long[index].name]
        for one in dict.fromkeys(places):
            if known(index, one):
                kept[index] = one
                break
        else:
            if taken(index, short[index]):
                long_ones.add(index)
    return _tell_apart(short, long, long_ones, kept), kept.keys()


def fill(name: str, source: Path, size: str, *, long: bool = False) -> str:
    """Return a template filled in: the name of a result without its extension.

    Args:
        name: the template.
        source: of the result.
        size: what {size} stands for.
        long: the source's extension stands behind its stem.

    Raises:
        ValueError: the template has other fields, or gives no file name.
    """
    suffix = source.suffix.removeprefix(".")
    stem = source.stem
    if not stem.strip("."):  # a result with such a name would be hidden, or look like macOS's files
        stem = "_" * len(stem)
    stem = f"{stem}_{suffix}" if long else stem
    try:
        file_name = name.format(stem=stem, suffix=suffix, parent=source.parent.name, size=size)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        fields = ", ".join(f"{{{field}}}" for field in FIELDS)
        raise ValueError(f"--name {name}: only {fields}") from error
    if not file_name or Path(file_name).name != file_name:
        raise ValueError(f"--name {name}: gives {file_name!r}, which is not a file name")
    return file_name


def mirrored_names(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the folder below the output that each of several folders is mirrored in.

    That is its own name, and of folders of one name as much of their paths as tells them apart.
    A single folder is mirrored in the output itself.

    Args:
        folders: as they were given; one that was given twice is one folder.

    Returns:
        by the real path of each.
    """
    real: dict[str, Path] = {}
    for folder in sorted(folders):
        real.setdefault(os.path.realpath(folder), Path(os.path.abspath(folder)))
    if len(real) < 2:
        return dict.fromkeys(real, Path())
    parts = {place: _parts(path) for place, path in real.items()}
    for count in range(1, max(map(len, parts.values())) + 1):
        names = {place: Path(*path[-count:]) for place, path in parts.items()}
        if len(set(names.values())) == len(names):
            return names
    return {place: Path(*path) for place, path in parts.items()}


def _parts(path: Path) -> list[str]:
    """A path's names from the top, of which the first may be the letter of a drive."""
    drive = "".join(character for character in path.drive if character not in ":\\/")
    return [part for part in (drive, *path.parts[1:]) if part]


def _tell_apart(
    short: Sequence[Path], long: Sequence[Path], long_ones: set[int], kept: Mapping[int, Path]
) -> list[Path]:
    """Return the short places, and the long ones where these tell apart who would share one.

    Args:
        short: place of each.
        long: of each.
        long_ones: the indices of those that get the long one, to which others are added.
        kept: places, by the index, that stay.
    """
    while True:
        places = [
            kept.get(index, long[index] if index in long_ones else place)
            for index, place in enumerate(short)
        ]
        sharing = defaultdict[Path, list[int]](list)
        for index, place in enumerate(places):
            sharing[place].append(index)
        before = len(long_ones)
        for indices in sharing.values():
            if len({long[index].name for index in indices}) > 1:
                long_ones |= {index for index in indices if index not in kept}
        if len(long_ones) == before:  # a longer name may be another's short one: look again
            return places
