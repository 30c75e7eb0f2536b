"""Which files of a folder are pictures to restore."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from jcarsr.batch.earlier import KnownResults, results_beside
from jcarsr.image import named_as_picture

_MADE_BY_MACHINES = frozenset(
    {"@eadir", ".@__thumb", ".thumbnails", "@recycle", "@recently-snapshot", "@snapshot"}
    | {"#recycle", "#snapshot", ".snapshot", "$recycle.bin", ".trashes", "__macosx", ".appledouble"}
    | {"@tmp", "lost+found", ".picasaoriginals", ".stversions"}
)
"""Folders of thumbnails, older and deleted files, and attributes, of NAS and others; lower case."""

_TRASH = ".trash-"  # and the number of a user: freedesktop.org's folders of deleted files
_NO_PICTURES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})
_MOST_KINDS = 6  # extensions that a note lists


@dataclass(frozen=True)
class Found:
    """What a folder has."""

    pictures: list[tuple[Path, Path]]
    """And each one's folder, relative to the one searched."""
    refused: list[tuple[Path, str]] = field(default_factory=list[tuple[Path, str]])
    """And why."""
    notes: list[str] = field(default_factory=list[str])
    """Of what else lies there."""


def search(path: Path, out: Path | None, *, results: bool = False) -> Found:
    """The pictures of a folder, searched to the bottom, in the order of their names.

    Hidden files and folders, links to folders, and thumbnails and deleted files that NAS keep in
    folders of their own are left out.

    Args:
        path: of the folder.
        out: of results; what lies in it is left out.
        results: take those of earlier runs, too, which are known by a ledger in a folder below
            `path`, or by the picture beside them (`results_beside`).
    """
    with KnownResults() as known:
        return _search(path, out, None if results else known)


def _search(path: Path, out: Path | None, known: KnownResults | None) -> Found:
    found, others, aside = Found([]), Counter[str](), Counter[str]()

    def unreadable(error: OSError) -> None:
        reason = f"a folder that cannot be read ({error.strerror})"
        found.refused.append((Path(os.fsdecode(error.filename)), reason))

    own = None if out is None else os.path.realpath(out)
    for folder, folders, files in os.walk(path, onerror=unreadable):
        folders[:] = sorted(
            inner
            for inner in folders
            if inner.lower() not in _MADE_BY_MACHINES
            and not inner.lower().startswith(_TRASH)
            and os.path.realpath(Path(folder, inner)) != own
        )
        linked = [inner for inner in folders if os.path.islink(Path(folder, inner))]
        hidden = [inner for inner in folders if inner.startswith(".") and inner not in linked]
        aside.update({"linked folder": len(linked), "hidden folder": len(hidden)})
        folders[:] = [inner for inner in folders if inner not in hidden]  # no link is followed
        earlier = set[Path]()
        if known is not None:
            if Path(folder) != path:  # of a folder of results that is named, they are wanted
                known.look_into(Path(folder))
            visible = [Path(folder, name) for name in files if not name.startswith(".")]
            earlier = results_beside(
                [f for f in visible if named_as_picture(f) and not _why_not(f)]
            )
        for file in (Path(folder, name) for name in sorted(files)):
            if not named_as_picture(file):
                if not file.name.startswith(".") and file.name.lower() not in _NO_PICTURES:
                    others[file.suffix.lower() or "without extension"] += 1
            elif file.name.startswith("."):
                aside["hidden picture"] += 1
            elif reason := _why_not(file):
                found.refused.append((file, reason))
            elif file in earlier or (known is not None and known.have(file)):
                aside["earlier result"] += 1
            elif known is not None and known.may_have(file):
                aside["unfinished run's picture"] += 1
            else:
                found.pictures.append((file, Path(folder).relative_to(path)))
    left = "; ".join(filter(None, (_in_words(others), *map(_count, aside.items()))))
    if not found.pictures and not found.refused:
        reason = f"a folder without pictures{f' ({left})' if left else ''}"
        found.refused.append((path, reason))
    elif left:
        found.notes.append(f"{path}: {left}")
    return found


def _why_not(file: Path) -> str | None:
    """Why a file must not even be opened; None = it may be.

    Pipes and devices would block for ever, and so would some files of the system that seem empty.
    """
    try:
        about = file.stat()
    except OSError:  # reading it says why
        return None
    if not os.path.isfile(file):
        return "not a file"
    return None if about.st_size else "an empty file, not a picture"


def _count(left: tuple[str, int]) -> str:
    """How many of a kind were left, in words; nothing if none were."""
    kind, number = left
    if not number:
        return ""
    return f"1 {kind} is left out" if number == 1 else f"{number} {kind}s are left out"


def _in_words(others: Counter[str]) -> str:
    """How many files of which extensions were left, in words; nothing if none were."""
    if not others:
        return ""
    count = others.total()
    kinds = [f"{number} {kind}" for kind, number in others.most_common(_MOST_KINDS)]
    kinds += ["others"] if len(others) > _MOST_KINDS else []
    files = "1 file is" if count == 1 else f"{count} files are"
    return f"{files} left out, not named as pictures: {', '.join(kinds)}"
