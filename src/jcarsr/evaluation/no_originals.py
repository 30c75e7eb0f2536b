"""Methods x pictures that have no originals -> NIQE, the score that needs none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

from jcarsr.data.catalog import pictures_of
from jcarsr.errors import DataError
from jcarsr.evaluation.rows import json_line
from jcarsr.evaluation.set_names import set_names
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.method import Method
from jcarsr.metrics.niqe import BLOCK, has_two_blocks, niqe
from jcarsr.progress import OnProgress, ignore_progress


@dataclass(frozen=True, kw_only=True)
class NaturalnessRow:
    """One restorer on one folder of pictures as they are."""

    set: str
    scale: int
    restorer: str
    sha256: str | None
    """As a `Row` has it."""
    niqe: float
    """Mean over `images`; lower is more natural."""
    images: dict[str, float]
    """picture -> NIQE of its result."""
    left_out: int
    """Pictures whose result is too small to be scored."""
    versions: dict[str, str]
    """Of the packages that computed it."""

    def as_json(self) -> str:
        """The row in one line."""
        return json_line(asdict(self))


def score_naturalness(
    methods: Sequence[Method],
    folder: Path,
    *,
    scale: int,
    name: str | None = None,
    on_progress: OnProgress = ignore_progress,
) -> list[NaturalnessRow]:
    """Restore every picture of `folder` as it is by every method, and score the whole results.

    Args:
        methods: each enlarges by `scale`.
        folder: of pictures, searched to the bottom, or an uncompressed tar.
        scale: output size over input size.
        name: of the set in the rows; None = the folder's.
        on_progress: called with (results scored, results in all).

    Returns:
        a row for each method, in their order.

    Raises:
        DataError: the folder or a picture cannot be used, or every result is too small.
        ValueError: a method enlarges by another scale.
    """
    for method in methods:
        if method.scale != scale:
            raise ValueError(f"{method.name} enlarges by {method.scale}, not by {scale}")
    entries = pictures_of(folder)
    sizes = [entry.size() for entry in entries]
    large = [
        entry
        for entry, (height, width) in zip(entries, sizes, strict=True)
        if has_two_blocks(scale * height, scale * width)
    ]
    if not large:
        raise DataError(
            f"{folder}: no result has the two blocks of {BLOCK}x{BLOCK} that NIQE needs"
        )
    scores: list[dict[str, float]] = [{} for _ in methods]
    steps = len(large) * len(methods)
    for entry in large:
        decoded = Decoded(pixels=entry.pixels(), last_save=entry.last_save())
        picture = entry.name_in(folder)
        for method, own in zip(methods, scores, strict=True):
            own[picture] = round(niqe(method.restore(decoded)), 4)
            on_progress(sum(map(len, scores)), steps)
    return [
        NaturalnessRow(
            set=name or set_names([folder])[0],
            scale=scale,
            restorer=method.name,
            sha256=method.sha256,
            niqe=round(fmean(own.values()), 4),
            images=own,
            left_out=len(entries) - len(large),
            versions={library: version(library) for library in ("jcarsr", "numpy", method.library)},
        )
        for method, own in zip(methods, scores, strict=True)
    ]


def naturalness_table(rows: Sequence[NaturalnessRow]) -> str:
    """Return a Markdown table: a line for each folder, a column for each restorer, of one scale."""
    restorers = list(dict.fromkeys(row.restorer for row in rows))
    scale = rows[0].scale
    lines = [f"| x{scale}, NIQE | pictures | " + " | ".join(restorers) + " |"]
    lines.append("|---" * (2 + len(restorers)) + "|")
    for name in dict.fromkeys(row.set for row in rows):
        own = {row.restorer: row for row in rows if row.set == name}
        first = next(iter(own.values()))
        count, total = len(first.images), len(first.images) + first.left_out
        pictures = f"{count}" if count == total else f"{count} of {total}"
        cells = [f"{own[one].niqe:.2f}" if one in own else "-" for one in restorers]
        lines.append(f"| {name} | {pictures} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
