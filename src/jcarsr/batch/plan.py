"""Which file is restored to which: pure planning, so that no result overwrites another."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jcarsr.image import SUFFIXES, format_of

DEFAULT_NAME = "{stem}_{size}"


@dataclass(frozen=True)
class Job:
    """One picture to restore."""

    source: Path
    target: Path  # its extension is that of one of FORMATS


@dataclass(frozen=True)
class Refused:
    """An input for which there is no job, and why, in a few words."""

    source: Path
    reason: str


@dataclass(frozen=True)
class Plan:
    """All that a command's inputs come to."""

    jobs: list[Job | Refused]
    folder: Path | None  # in which all results lie; None = the one result was given by its name


def plan_jobs(
    inputs: Sequence[Path], out: Path, *, size: str, format: str | None, name: str = DEFAULT_NAME
) -> Plan:
    """One job a picture, in the order of the inputs; folders are searched to the bottom.

    Where several inputs of one folder would give the same result, as `a.jpg` and `a.png` do, each
    of them gets its extension behind its stem: `a_jpg` and `a_png`. Links to folders are not
    followed.

    Args:
        inputs: files, taken whatever their name, and folders, whose tree is mirrored below `out`.
        out: a folder; or the result's name, if it ends in a known extension and there is one
            input file.
        size: what {size} stands for.
        format: a key of FORMATS; None = the extension of `out` if that is a file, else png.
        name: template of a result's name without extension, from {stem}, {suffix} (the input's,
            without its dot) and {size}.

    Raises:
        ValueError: the template has unknown fields or gives a path, or `format` disagrees with
            the extension of `out`.
    """
    as_file = len(inputs) == 1 and not inputs[0].is_dir() and not out.is_dir()
    extension = format_of(out)
    if as_file and extension:
        if format not in (None, extension):
            raise ValueError(f"{out}: its extension says {extension}, --format says {format}")
        return Plan(_checked([(inputs[0], out)]), folder=None)
    refused: list[Job | Refused] = []
    found: list[tuple[Path, Path]] = []  # source, and the folder of its result
    for path in inputs:
        pictures, unreadable = _pictures(path, out)
        refused += unreadable
        found += [(source, out / below) for source, below in pictures]
    found = list(dict.fromkeys(found))  # an input given twice is one input
    names = [_result_name(name, source.stem, source, size) for source, _ in found]
    places = [folder / own for (_, folder), own in zip(found, names, strict=True)]
    wanted = Counter(places)
    pairs: list[tuple[Path, Path]] = []
    for (source, folder), place in zip(found, places, strict=True):
        if wanted[place] > 1:
            longer = f"{source.stem}_{source.suffix.removeprefix('.')}"
            place = folder / _result_name(name, longer, source, size)
        pairs.append((source, place.with_name(f"{place.name}.{format or 'png'}")))
    return Plan([*refused, *_checked(pairs)], folder=out)


def _pictures(path: Path, out: Path) -> tuple[list[tuple[Path, Path]], list[Refused]]:
    """(file, its folder relative to `path`) for every picture of a folder; a file is itself.

    Earlier results are not restored again: what lies in `out` is left, if `out` is below `path`.
    """
    if not path.is_dir():
        return [(path, Path())], []
    refused: list[Refused] = []

    def unreadable(error: OSError) -> None:
        reason = f"a folder that cannot be read ({error.strerror})"
        refused.append(Refused(Path(os.fsdecode(error.filename)), reason))

    results = os.path.realpath(out)
    pictures: list[tuple[Path, Path]] = []
    for folder, folders, files in os.walk(path, onerror=unreadable):
        folders[:] = sorted(
            inner for inner in folders if os.path.realpath(Path(folder, inner)) != results
        )
        pictures += [
            (Path(folder, file), Path(folder).relative_to(path))
            for file in sorted(files)
            if Path(file).suffix.lower() in SUFFIXES
        ]
    if not pictures and not refused:
        refused.append(Refused(path, "a folder without pictures"))
    return pictures, refused


def _checked(pairs: Sequence[tuple[Path, Path]]) -> list[Job | Refused]:
    """Jobs whose results neither replace an input nor each other."""
    inputs = {os.path.realpath(source) for source, _ in pairs}
    taken: dict[str, Path] = {}
    jobs: list[Job | Refused] = []
    for source, target in pairs:
        place = os.path.realpath(target)
        if place in inputs:
            jobs.append(Refused(source, f"its result {target} would replace an input"))
        elif place in taken:
            reason = f"its result {target} is that of {taken[place]}: use --name with {{suffix}}"
            jobs.append(Refused(source, reason))
        else:
            taken[place] = source
            jobs.append(Job(source, target))
    return jobs


def _result_name(name: str, stem: str, source: Path, size: str) -> str:
    """The template filled in, without extension."""
    try:
        file_name = name.format(stem=stem, suffix=source.suffix.removeprefix("."), size=size)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(f"--name {name}: only {{stem}}, {{suffix}} and {{size}}") from error
    if not file_name or Path(file_name).name != file_name:
        raise ValueError(f"--name {name}: gives {file_name!r}, which is not a file name")
    return file_name
