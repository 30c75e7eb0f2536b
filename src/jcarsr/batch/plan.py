"""Which file is restored to which: pure planning, so that no result overwrites another."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jcarsr.batch.search import Found, search
from jcarsr.batch.shard import Shard
from jcarsr.image import FORMATS, format_of, names_other_format
from jcarsr.restoring.outputs import Kind, output_paths

DEFAULT_NAME = "{stem}_{size}"


@dataclass(frozen=True)
class FileJob:
    """One picture to restore."""

    source: Path
    target: Path
    """Its extension is that of one of FORMATS."""
    data: bytes | None = field(default=None, repr=False)
    """Of the source, if it is no file."""


@dataclass(frozen=True)
class Refused:
    """An input for which there is no job, and why, in a few words."""

    source: Path | str
    """str: no path, such as a URL."""
    reason: str


@dataclass(frozen=True)
class Plan:
    """All that a command's inputs come to."""

    jobs: list[FileJob | Refused]
    folder: Path | None
    """Of the ledger; None = there is no output folder, or there are no results."""
    notes: tuple[str, ...] = ()
    """Which files of a folder are no inputs, a line a folder."""
    places: tuple[str, ...] = field(default=(), compare=False)
    """Of each job, see `Shard.owns`."""


def plan_jobs(
    inputs: Sequence[Path | Refused],
    out: Path | None,
    *,
    size: str,
    format: str | None,
    default_format: str = "png",
    name: str = DEFAULT_NAME,
    outputs: Sequence[Kind] = ("picture",),
) -> Plan:
    """One job a picture, in the order of the inputs; folders are searched to the bottom.

    Where several inputs of one folder would give the same result, as `a.jpg` and `a.png` do, each
    of them gets its extension behind its stem: `a_jpg` and `a_png`. Links to folders are not
    followed.

    Args:
        inputs: files, taken under any name, and folders, whose tree is mirrored below `out`;
            and what is no input, which stays among the jobs.
        out: a folder; or the result's name, if it ends in a known extension and there is one
            input file; None = the folder of each input, which then must be a file.
        size: what {size} stands for.
        format: a key of FORMATS; None = the extension of `out` if that is a file, else
            `default_format`.
        default_format: a key of FORMATS.
        name: template of a result's name without extension, from {stem}, {suffix} (the input's,
            without its dot) and {size}.
        outputs: of every picture; each is a file, see `output_paths`.

    Raises:
        ValueError: the template has unknown fields or gives a path, `format` disagrees with the
            extension of `out`, `out` is named as a picture though there are several inputs, or as
            one of a format that is not written, or is "-", results would be found as pictures by
            the next run, or a folder has no `out`.
    """
    paths = [path for path in inputs if isinstance(path, Path)]
    if out is None:
        for path in paths:
            if os.path.isdir(path):
                raise ValueError(f"{path}: a folder's results need another one: --out FOLDER")
    else:
        as_file = len(inputs) == len(paths) == 1 and not os.path.isdir(paths[0])
        if as_file and not os.path.isdir(out) and format_of(out):
            check_extension(out, format)
            return Plan(_without_clashes([(paths[0], out)], outputs), folder=None)
        _check_folder_name(out, inputs)
    refused: dict[Refused, str] = {}  # and its place
    notes: list[str] = []
    found: dict[tuple[str, str, Path], tuple[Path, Path]] = {}  # an input given twice is one input
    pictures: list[tuple[Path, Path]] = []  # and the folder of each below the one that was given
    for path in inputs:
        if isinstance(path, Refused):
            refused[path] = str(path.source)
            continue
        searched = search(path, out) if out and os.path.isdir(path) else _name_file(path)
        for source, reason in searched.refused:
            refused.setdefault(Refused(source, reason), source.relative_to(path).as_posix())
        notes += searched.notes
        for source, below in searched.pictures:
            which = (os.path.realpath(source.parent), source.name, below)
            if which not in found:
                found[which] = source, source.parent if out is None else out / below
                pictures.append((source, below))
    places = place_results(list(found.values()), name, size)
    targets = [place.with_name(f"{place.name}.{format or default_format}") for place in places]
    if out is not None:
        _refuse_among_pictures(paths, out, targets)
    pairs = [(source, target) for (source, _), target in zip(found.values(), targets, strict=True)]
    jobs = [*refused, *_without_clashes(pairs, outputs)]
    own = [(below / source.name).as_posix() for (source, below) in pictures]
    promising = any(isinstance(job, FileJob) and _has_content(job.source) for job in jobs)
    return Plan(jobs, out if promising else None, tuple(notes), (*refused.values(), *own))


def take_shard(plan: Plan, shard: Shard) -> Plan:
    """Return a shard's part of a plan.

    The whole is planned first, so that results have the same names as without shards.

    Args:
        plan: of all inputs.
        shard: which part.

    Raises:
        ValueError: the results go to no folder, whose ledgers say what is done.
    """
    if not plan.places:
        raise ValueError(f"--shard {shard}: results of shards go to a folder: --out FOLDER")
    mine = [
        (job, place) for job, place in zip(plan.jobs, plan.places, strict=True) if shard.owns(place)
    ]
    return replace(
        plan,
        jobs=[job for job, _ in mine],
        notes=(*plan.notes, f"shard {shard}: {len(mine)} of {len(plan.jobs)} inputs"),
        places=tuple(place for _, place in mine),
    )


def plan_piped(read: Callable[[], bytes], out: Path, format: str | None) -> Plan:
    """The one job of a picture that is no file.

    Args:
        read: returns the bytes of its file; is called if nothing is wrong with the rest.
        out: the result's name.
        format: a key of FORMATS, which must be what `out` says; None = what `out` says.

    Raises:
        ValueError: `out` does not name a picture, or one of another format.
    """
    if os.path.isdir(out) or not format_of(out):
        raise ValueError(
            f"--out {out}: a picture from standard input has no name: name its result, "
            f"ending in {', '.join(FORMATS)}"
        )
    check_extension(out, format)
    return Plan([FileJob(Path("-"), out, read())], folder=None)


def check_extension(result: Path, format: str | None) -> None:
    """See whether a result's name and the format asked for agree.

    Raises:
        ValueError: they do not.
    """
    extension = format_of(result)
    if format not in (None, extension):
        raise ValueError(f"{result}: its extension says {extension}, --format says {format}")


def _check_folder_name(out: Path, inputs: Sequence[Path | Refused]) -> None:
    """Raises ValueError if a folder of results that is not there would look like a picture."""
    if os.path.isdir(out):
        return
    if str(out) == "-" or names_other_format(out):
        raise ValueError(f"{out}: results can be {', '.join(FORMATS)}")
    if format_of(out) is None:
        return
    if len(inputs) > 1:
        raise ValueError(
            f"--out {out}: several inputs need a folder, {out.name} is a picture's name"
        )
    if isinstance(inputs[0], Path) and os.path.isdir(inputs[0]):
        raise ValueError(f"--out {out}: a folder needs a folder, {out.name} is a picture's name")


def _name_file(path: Path) -> Found:
    """A file given by its name, which need not be that of a picture."""
    return Found([(path, Path())])


def _has_content(path: Path) -> bool:
    """False for what is missing and for empty files; True for pipes, not known before."""
    return os.path.exists(path) and (not os.path.isfile(path) or os.path.getsize(path) > 0)


def place_results(found: Sequence[tuple[Path, Path]], name: str, size: str) -> list[Path]:
    """Return each result's path without extension, of pairs of a source and the result's folder.

    Raises:
        ValueError: the template is wrong.
    """
    long: set[int] = set()
    while True:
        places = [
            folder / _result_name(name, _stem(source, index in long), source, size)
            for index, (source, folder) in enumerate(found)
        ]
        wanted = Counter(places)
        clashing = {index for index, place in enumerate(places) if wanted[place] > 1} - long
        if not clashing:
            return places
        long |= clashing  # a longer name may be another's short one: look again


def _refuse_among_pictures(inputs: Sequence[Path], out: Path, targets: Sequence[Path]) -> None:
    """Raises ValueError if a folder that is searched for pictures would get results."""
    results = Path(os.path.realpath(out))
    folders = {Path(os.path.realpath(target.parent)) for target in targets}
    for path in inputs:
        top = Path(os.path.realpath(path))
        if not os.path.isdir(path) or top in results.parents:  # then `out` is not searched
            continue
        if any(folder == top or top in folder.parents for folder in folders):
            raise ValueError(
                f"--out {out}: results would lie among the pictures of {path} and be restored "
                "the next time: choose another folder"
            )


def _without_clashes(
    pairs: Sequence[tuple[Path, Path]], outputs: Sequence[Kind]
) -> list[FileJob | Refused]:
    """Jobs whose results neither replace an input nor each other, in the order of the pairs."""
    inputs = {os.path.realpath(source) for source, _ in pairs}
    taken: dict[str, Path] = {}
    jobs: dict[tuple[Path, Path], FileJob | Refused] = {}
    for source, target in sorted(pairs):  # who comes first does not depend on how they were given
        files = list(output_paths(target, outputs).values())
        jobs[source, target] = FileJob(source, target)
        for file in files:
            place = os.path.realpath(file)
            if place in inputs:
                reason = f"its result {file} would replace an input"
                jobs[source, target] = Refused(source, reason)
            elif place in taken:
                reason = f"its result {file} is that of {taken[place]}: change --name or --out"
                jobs[source, target] = Refused(source, reason)
        if isinstance(jobs[source, target], FileJob):
            taken |= {os.path.realpath(file): source for file in files}
    return [jobs[pair] for pair in pairs]


def _stem(source: Path, long: bool) -> str:
    stem = source.stem
    if not stem.strip("."):  # a result with such a name would be hidden, or look like macOS's files
        stem = "_" * len(stem)
    return f"{stem}_{source.suffix.removeprefix('.')}" if long else stem


def _result_name(name: str, stem: str, source: Path, size: str) -> str:
    """The template filled in, without extension."""
    try:
        file_name = name.format(stem=stem, suffix=source.suffix.removeprefix("."), size=size)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"--name {name}: only {{stem}}, {{suffix}} and {{size}}") from error
    if not file_name or Path(file_name).name != file_name:
        raise ValueError(f"--name {name}: gives {file_name!r}, which is not a file name")
    return file_name
