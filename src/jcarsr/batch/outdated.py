"""Maps and comparisons of an earlier result, which would stay beside the one that replaces it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jcarsr.batch.decide import sha256_of
from jcarsr.batch.entries import Entry
from jcarsr.batch.ledger import Ledger
from jcarsr.batch.plan import FileJob
from jcarsr.restoring.beside import is_signed, others_beside
from jcarsr.restoring.outputs import Kind


def remove_outdated(
    job: FileJob,
    result: Path,
    outputs: Sequence[Kind],
    ledger: Ledger | None,
    own: Sequence[Entry],
) -> tuple[str, ...]:
    """Remove what earlier runs wrote beside a result that is not what it was.

    Only files that are as a run wrote them: the ledger or they themselves have their hash.

    Args:
        job: whose result is about to be replaced.
        result: the new one, under another name.
        outputs: what is made of it now, and stays.
        ledger: of the output folder; None = there is none.
        own: entries of the job's result: of this run, and of the one before.

    Returns:
        a note for each.
    """
    notes, sources = list[str](), {one.source for one in own}
    for path in others_beside(job.target, job.source, outputs):
        entry = None if ledger is None else ledger.find(path)
        try:
            if job.target.is_file() and sha256_of(job.target) == sha256_of(result):
                break
            sha256 = entry and entry.source in sources and entry.result_sha256
            if sha256_of(path) != sha256 and not is_signed(path):
                continue
            path.unlink()
        except OSError as error:
            notes.append(f"{path} shows an earlier result ({error.strerror or error})")
            continue
        if ledger is not None:
            ledger.forget(path)
        notes.append(f"{path}, of an earlier result, is removed")
    return tuple(notes)
