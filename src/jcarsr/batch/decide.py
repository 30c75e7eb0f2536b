"""Whether a file has to be restored, is done already, or must be left alone."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from jcarsr.batch.ledger import Entry, as_text
from jcarsr.errors import ImageError
from jcarsr.restoring.place import check_place, exists, unwritable


@dataclass(frozen=True)
class Decision:
    """What to do about a result that may be there already."""

    skip: bool
    """It is there, made from the same input in the same way."""
    previous_sha256: str | None = None
    """Of the earlier result that stands there."""
    adopt: bool = False
    """It is there, and is to be entered if it fits."""


def decide(
    target: Path,
    entry: Entry | None,
    *,
    source: Path,
    source_sha256: str,
    settings: str,
    weights_sha256: str | None,
    overwrite: bool,
    adopt: bool = False,
) -> Decision:
    """A file that stands at `target` is replaced only if an earlier run wrote it just so.

    And only if it was made from the same picture: from a file at the same place, or of the same
    bytes at any place, so that pictures may be moved.

    Args:
        target: the result.
        entry: what the ledger says of it.
        source: the input.
        source_sha256: of the input as it is now.
        settings: as they are now, `Settings.as_text`.
        weights_sha256: of the weights that would now do what the entry's did.
        overwrite: files of other origin, and results of other pictures, may be replaced, too.
        adopt: a file of which the ledger knows no result counts as an earlier run's. One that
            differs from what the ledger knows, which was edited, does not.

    Raises:
        ImageError: it exists and must be left alone, or it cannot exist.
    """
    if not exists(target):
        return Decision(skip=False)
    try:
        known = entry is not None and entry.result_sha256 is not None
        adopt = adopt and not known and target.is_file() and not target.is_symlink()
        hashed = adopt or (target.is_file() and entry is not None)
        found = sha256_of(target) if hashed else None
    except FileNotFoundError:
        return Decision(skip=False)
    except OSError as error:
        raise unwritable(target, error) from error
    if found is not None and entry is not None:
        made_from = (entry.source_sha256, entry.settings, entry.weights_sha256)
        if found == entry.result_sha256 and made_from == (source_sha256, settings, weights_sha256):
            return Decision(skip=True, previous_sha256=found)
        if found in (entry.result_sha256, entry.previous_sha256):
            same = entry.source_sha256 == source_sha256 or is_source(entry, source)
            if not same and not overwrite:
                raise ImageError(
                    f"its result {target} is that of {entry.source}: change --name or --out, or "
                    "--overwrite replaces it"
                )
            return Decision(skip=False, previous_sha256=found)
    if adopt:
        return Decision(skip=True, previous_sha256=found, adopt=True)
    check_place(target, overwrite=overwrite)
    return Decision(skip=False)


def is_source(entry: Entry, source: Path) -> bool:
    """Return whether an entry's result was made from the file at a place, whatever it held."""
    if entry.source == as_text(os.path.abspath(source)):
        return True
    return os.path.realpath(entry.source) == os.path.realpath(source)


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
