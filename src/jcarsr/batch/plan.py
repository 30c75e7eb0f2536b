"""Which file is restored to which: pure planning, so that no result overwrites another."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jcarsr.batch.entries import as_text
from jcarsr.batch.names import DEFAULT_NAME, mirrored_names, place_results
from jcarsr.batch.search import Found, search
from jcarsr.batch.shard import Shard
from jcarsr.image import FORMATS, format_of, names_other_format
from jcarsr.restoring.outputs import Kind, output_paths
from jcarsr.restoring.place import place_of


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
    source_of: Callable[[Path], str | None] = lambda target: None,
) -> Plan:
    """One job a picture, in the order of the inputs; folders are searched to the bottom.

    Where several inputs of one folder would give the same result, as `a.jpg` and `a.png` do, each
    of them gets its extension behind its stem: `a_jpg` and `a_png`. One of which `source_of` knows
    a result keeps its name, and one whose name is that of another picture's result gets the long
    one. Links to folders are not followed.

    Args:
        inputs: files, taken under any name, and folders, whose tree is mirrored in `out`, of
            several in a folder of its own there (`mirrored_names`); and what is no input, which
            stays among the jobs.
        out: a folder; or the result's name, if it ends in a known extension and there is one
            input file; None = the folder of each input, which then must be a file.
        size: what {size} stands for.
        format: a key of FORMATS; None = the extension of `out` if that is a file, else
            `default_format`.
        default_format: a key of FORMATS.
        name: template of a result's name without extension, from {stem}, {suffix} (the input's,
            without its dot), {parent} (the name of the input's folder) and {size}.
        outputs: of every picture; each is a file, see `output_paths`.
        source_of: returns the input of which an earlier run made a result, as `as_text` stores it,
            None if none has.

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
    found: dict[tuple[str, str, Path], _Picture] = {}  # an input given twice is one input
    mirrors = mirrored_names([path for path in paths if out and os.path.isdir(path)])
    for path in inputs:
        if isinstance(path, Refused):
            refused[path] = str(path.source)
            continue
        is_folder = out is not None and os.path.isdir(path)
        top = path if is_folder else path.parent
        mirror = mirrors.get(os.path.realpath(top))
        searched = search(path, out) if is_folder else Found([(path, Path())])  # whatever its name
        for source, reason in searched.refused:
            refused.setdefault(Refused(source, reason), source.relative_to(path).as_posix())
        notes += searched.notes
        for source, below in searched.pictures:
            which = (os.path.realpath(source.parent), source.name, (mirror or Path()) / below)
            found.setdefault(which, _Picture(source, below, top, mirror))
    pictures = list(found.values())
    pairs, known = _pairs(pictures, out, name, size, format or default_format, source_of)
    if out is not None:
        _refuse_among_pictures(paths, out, [target for _, target in pairs])
    jobs = [*refused, *_without_clashes(pairs, outputs, known)]
    own = [(one.below / one.source.name).as_posix() for one in pictures]
    promising = any(isinstance(job, FileJob) and _has_content(job.source) for job in jobs)
    return Plan(jobs, out if promising else None, tuple(notes), (*refused.values(), *own))


@dataclass(frozen=True)
class _Picture:
    """A picture that was found or named."""

    source: Path
    below: Path
    """Its folder, relative to the folder that was given."""
    top: Path
    """The folder that was given, of a named picture its own."""
    mirror: Path | None
    """Where that folder is mirrored, relative to the output; None = only the picture was given."""


def _pairs(
    pictures: Sequence[_Picture],
    out: Path | None,
    name: str,
    size: str,
    extension: str,
    source_of: Callable[[Path], str | None],
) -> tuple[list[tuple[Path, Path]], set[tuple[Path, Path]]]:
    """Return each picture's source and target, and those pairs that an earlier run had."""

    def with_extension(place: Path) -> Path:
        return place.with_name(f"{place.name}.{extension}")

    def folder(one: _Picture) -> Path:
        return one.source.parent if out is None else out / (one.mirror or Path()) / one.below

    def elsewhere(index: int) -> list[Path]:
        """Where the result lay when its folder was given alone, or among others."""
        one = pictures[index]
        if out is None or one.mirror is None:
            return []
        return [out / one.below, out / Path(os.path.abspath(one.top)).name / one.below]

    def known(index: int, place: Path) -> bool:
        source = source_of(with_extension(place))
        own = as_text(os.path.abspath(pictures[index].source))
        return source is not None and os.path.abspath(source) == own

    def taken(index: int, place: Path) -> bool:
        source = source_of(with_extension(place))
        return source is not None and Path(source).name != as_text(pictures[index].source.name)

    found = [(Path(os.path.abspath(one.source)), folder(one)) for one in pictures]
    places, kept = place_results(found, name, size, elsewhere=elsewhere, known=known, taken=taken)
    pairs = [
        (one.source, with_extension(place)) for one, place in zip(pictures, places, strict=True)
    ]
    return pairs, {pairs[index] for index in kept}


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


def _has_content(path: Path) -> bool:
    """False for what is missing and for empty files; True for pipes, not known before."""
    return os.path.exists(path) and (not os.path.isfile(path) or os.path.getsize(path) > 0)


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
    pairs: Sequence[tuple[Path, Path]],
    outputs: Sequence[Kind],
    known: Collection[tuple[Path, Path]] = (),
) -> list[FileJob | Refused]:
    """Jobs whose results neither replace an input nor each other, in the order of the pairs.

    Of several with one result that of the `known` pairs gets it, else the first in the order of
    their paths.
    """
    inputs = {place_of(source) for source, _ in pairs}
    taken: dict[str, Path] = {}
    jobs: dict[tuple[Path, Path], FileJob | Refused] = {}
    for source, target in sorted(pairs, key=lambda pair: (pair not in known, pair)):
        files = list(output_paths(target, outputs).values())
        jobs[source, target] = FileJob(source, target)
        for file in files:
            place = place_of(file)
            if place in inputs:
                reason = f"its result {file} would replace an input"
                jobs[source, target] = Refused(source, reason)
            elif place in taken:
                reason = (
                    f"its result {file} is that of {taken[place]}: {_advice(source, taken[place])}"
                )
                jobs[source, target] = Refused(source, reason)
        if isinstance(jobs[source, target], FileJob):
            taken |= {place_of(file): source for file in files}
    return [jobs[pair] for pair in pairs]


def _advice(one: Path, other: Path) -> str:
    """What tells apart two sources whose results have one name."""
    parents = {Path(os.path.abspath(source)).parent.name for source in (one, other)}
    if one.name == other.name and len(parents) > 1:
        return f"--name '{{parent}}_{DEFAULT_NAME}' tells them apart"
    return "change --name or --out"
