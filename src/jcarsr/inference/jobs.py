"""Which file is restored to which: pure planning, so that no result overwrites another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jcarsr.image import SUFFIXES, format_of

DEFAULT_NAME = "{stem}_x{scale}"


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


def plan_jobs(
    inputs: Sequence[Path], out: Path, *, scale: int, format: str | None, name: str = DEFAULT_NAME
) -> list[Job | Refused]:
    """One job a picture, in the order of the inputs; folders are searched to the bottom.

    Args:
        inputs: files, taken whatever their name, and folders, whose tree is mirrored below `out`.
        out: a folder; or the result's name, if it ends in a known extension and there is one
            input file.
        scale: 2 or 4.
        format: a key of FORMATS; None = the extension of `out` if that is a file, else png.
        name: template of a result's name without extension, from {stem}, {suffix} (the input's,
            without its dot) and {scale}.

    Raises:
        ValueError: the template has unknown fields or gives a path, or `format` disagrees with
            the extension of `out`.
    """
    refused: list[Job | Refused] = []
    as_file = len(inputs) == 1 and not inputs[0].is_dir() and not out.is_dir()
    extension = format_of(out)
    if as_file and extension:
        if format not in (None, extension):
            raise ValueError(f"{out}: its extension says {extension}, --format says {format}")
        found = [(inputs[0], out)]
    else:
        found: list[tuple[Path, Path]] = []
        for path in inputs:
            pictures = _pictures(path, out)
            if not pictures:
                refused.append(Refused(path, "a folder without pictures"))
            for source, below in pictures:
                target = _file_name(name, source, scale, format or "png")
                found.append((source, out / below / target))
    return [*refused, *_without_clashes(found)]


def _pictures(path: Path, out: Path) -> list[tuple[Path, Path]]:
    """(file, its folder relative to `path`) for every picture of a folder; a file is itself.

    Earlier results are not restored again: what lies in `out` is left, if `out` is below `path`.
    """
    if not path.is_dir():
        return [(path, Path())]
    inner = out.resolve() if path.resolve() in out.resolve().parents else None
    return [
        (file, file.parent.relative_to(path))
        for file in sorted(path.rglob("*"))
        if file.suffix.lower() in SUFFIXES
        and file.is_file()
        and (inner is None or inner not in file.resolve().parents)
    ]


def _without_clashes(found: Sequence[tuple[Path, Path]]) -> list[Job | Refused]:
    inputs = {source.resolve() for source, _ in found}
    taken: dict[Path, Path] = {}
    jobs: list[Job | Refused] = []
    for source, target in found:
        place = target.resolve()
        if place in inputs:
            jobs.append(Refused(source, f"its result {target} would replace an input"))
        elif place in taken:
            reason = f"its result {target} is that of {taken[place]}: use --name with {{suffix}}"
            jobs.append(Refused(source, reason))
        else:
            taken[place] = source
            jobs.append(Job(source, target))
    return jobs


def _file_name(name: str, source: Path, scale: int, format: str) -> str:
    fields = {"stem": source.stem, "suffix": source.suffix.removeprefix("."), "scale": scale}
    try:
        file_name = name.format(**fields)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(f"--name {name}: only {{stem}}, {{suffix}} and {{scale}}") from error
    if not file_name or Path(file_name).name != file_name:
        raise ValueError(f"--name {name}: gives {file_name!r}, which is not a file name")
    return f"{file_name}.{format}"
