"""What became of one input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jcarsr.jpeg.support import Support
from jcarsr.restoring.picture import RestoredOutputs


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one input."""

    source: Path | str
    """The input; a str is no path but a name, such as a URL."""
    target: Path | None = None
    """The result's file; None = it failed, or its result is in no file."""
    state: Literal["done", "skipped", "adopted", "failed"]
    """skipped: an earlier run did it; adopted: the result was there, the ledger has it now."""
    error: str | None = None
    """Why it failed."""
    notes: tuple[str, ...] = ()
    """What could not be kept, a few words each."""
    seconds: float = 0.0
    """Time of reading, restoring and writing."""
    size: tuple[int, int] | None = None
    """(width, height) of the result, upright."""
    scale: int | None = None
    """Of the network; 1 where its result was shrunk to the input's size, or less."""
    weights: str | None = None
    """Name of the weights."""
    tile: int | None = None
    """Side of the tiles in pixels of the input; None = the whole picture at once."""
    full_precision_tiles: int = 0
    """Tiles that were repeated because their values were not finite."""
    strength: float | None = None
    """Share of the restored picture in the mix; None = it is not mixed."""
    crisp: float | None = None
    """Share of the crisp picture; None = it has none."""
    support: Support | None = None
    """What a JPEG says of the result; None = the input is none."""


def outcome_of(
    restored: RestoredOutputs,
    source: Path | str,
    target: Path | None,
    *,
    notes: tuple[str, ...] = (),
    seconds: float,
) -> Outcome:
    """Return the outcome of a file whose outputs are written.

    Args:
        restored: what was written.
        source: of which it is the result.
        target: the file of the first output; None = it is in no file.
        notes: what could not be kept in writing; those of reading come before.
        seconds: that all of it took.
    """
    return Outcome(
        source=source,
        target=target,
        state="done",
        notes=(*restored.first.notes, *notes),
        seconds=seconds,
        size=restored.first.size,
        scale=restored.scale,
        weights=restored.record.name,
        tile=restored.tile,
        full_precision_tiles=restored.full_precision_tiles,
        strength=None if restored.strength == 1 else restored.strength,
        crisp=restored.crisp or None,
        support=restored.support,
    )
