"""What runs of the command leave in their folder: trained weights and rows, shared by all tables.

OUT/runs/NAME-sSEED-HASH/   an ordinary training run; done.json when its budget is spent
OUT/rows/HASH.json          a score
OUT/rows.jsonl, OUT/*.md    all rows, and the reports made from them
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from PIL import Image

from jcarsr.errors import DataError, JCARSRError
from jcarsr.evaluation.rows import Row, read_rows
from jcarsr.experiments.jobs import GivenWeights, Scoring, Training, WeightsSource
from jcarsr.experiments.lock import try_lock
from jcarsr.partfile import being_written, make_folder
from jcarsr.weights import Record, read_record


@dataclass(frozen=True)
class ResultStore:
    """A folder of results. Nothing in it counts before it is complete."""

    folder: Path
    known: Mapping[str, Row] = field(default_factory=dict[str, Row])
    """Scores from elsewhere, by their jobs' hashes."""

    def run_folder(self, job: Training) -> Path:
        """The folder of a training run."""
        return self.folder / "runs" / job.name

    def weights_path(self, source: WeightsSource) -> Path:
        """The weight file, which may not be there yet."""
        if isinstance(source, GivenWeights):
            return source.path
        return self.run_folder(source) / "weights.safetensors"

    def record(self, job: Training) -> Record | None:
        """The record of the finished run's weights, None if it is not finished."""
        try:
            done = json.loads((self.run_folder(job) / "done.json").read_text("utf-8"))
            record = read_record(self.weights_path(job))
        except (OSError, ValueError, JCARSRError):
            return None
        fits = isinstance(done, dict) and done == {"job": job.hash, "sha256": record.sha256}
        return record if fits else None

    def finish(self, job: Training) -> None:
        """Note that a run's budget is spent; what it could be resumed from goes away."""
        record = read_record(self.weights_path(job))
        done = json.dumps({"job": job.hash, "sha256": record.sha256})
        write_text(self.run_folder(job) / "done.json", done)
        shutil.rmtree(self.run_folder(job) / "checkpoints", ignore_errors=True)

    def begun(self, job: Training) -> int | None:
        """Step of the newest checkpoint, None without any."""
        names = [path.name for path in (self.run_folder(job) / "checkpoints").glob("step-*")]
        return int(max(names).removeprefix("step-")) if names else None

    def row(self, job: Scoring) -> Row | None:
        """The score that is stored or known, None if there is none."""
        return _row(self.folder / "rows" / f"{job.hash}.json") or self.known.get(job.hash)

    def put(self, job: Scoring, row: Row) -> None:
        """Store a score."""
        write_text(self.folder / "rows" / f"{job.hash}.json", row.as_json() + "\n")

    def rows(self) -> list[Row]:
        """Every score, stored or known; files that are damaged are left out.

        Known, too, is what another command has put into rows.jsonl since.

        Raises:
            DataError: as `read_copied`.
        """
        rows = {**read_copied(self.folder), **self.known}
        for path in sorted((self.folder / "rows").glob("*.json")):
            if row := _row(path):
                rows[path.stem] = row
        return list(rows.values())

    def damaged(self) -> list[Path]:
        """Files of scores that cannot be read and are not known otherwise.

        Raises:
            DataError: as `read_copied`.
        """
        known = {**read_copied(self.folder), **self.known}
        paths = sorted((self.folder / "rows").glob("*.json"))
        return [path for path in paths if path.stem not in known and _row(path) is None]

    @contextmanager
    def lock(self, job: Training | Scoring, *, wait: bool) -> Generator[bool]:
        """Whether the job is ours now; False = another process does it, and `wait` is not set."""
        folder = self.folder / "locks"
        make_folder(folder)
        with try_lock(folder / job.hash, wait=wait) as ours:
            yield ours


def read_copied(folder: Path) -> dict[str, Row]:
    """Scores in a folder's rows.jsonl that it has no file of, by their jobs' hashes.

    They came from elsewhere: with the file, or by an earlier command's `--known`. The next report
    writes the file anew, which must not lose them.

    Raises:
        DataError: the file cannot be read, or holds rows that are of no experiment.
    """
    path = folder / "rows.jsonl"
    rows = read_rows([path]) if path.exists() else []
    copied: dict[str, Row] = {}
    for row in rows:
        if row.trial is None:
            raise DataError(f"{path}: holds rows of no experiment, which would be lost")
        if _row(folder / "rows" / f"{row.trial.job}.json") is None:
            copied[row.trial.job] = row
    return copied


def read_folders(paths: Sequence[Path]) -> list[Row]:
    """The rows of JSON lines files, and of all such files in folders.

    Raises:
        DataError: a path is missing, a folder has no such file, or a line is not a row.
    """
    files: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not inside:
            raise DataError(f"{path}: no .jsonl file in this folder")
        files += inside
    return read_rows(files)


def known_rows(out: Path, known: Sequence[Path]) -> dict[str, Row]:
    """Scores that are not to be done again, by their jobs' hashes: given, or in `out`'s rows.jsonl.

    Raises:
        DataError: as `read_folders` and `read_copied`.
    """
    given = {row.trial.job: row for row in read_folders(known) if row.trial}
    return {**read_copied(out), **given}


def _row(path: Path) -> Row | None:
    try:
        (row,) = read_rows([path])
    except (DataError, ValueError):
        return None
    return row


def write_text(path: Path, text: str) -> None:
    """Write a text file that is there whole or not at all.

    Raises:
        DataError: it cannot be written.
    """
    with _whole(path) as file:
        file.write(text.encode())


def write_png(path: Path, picture: Image.Image) -> None:
    """Write a PNG that is there whole or not at all.

    Raises:
        DataError: it cannot be written.
    """
    with _whole(path) as file:
        picture.save(file, "PNG", optimize=True)


@contextmanager
def _whole(path: Path) -> Generator[IO[bytes]]:
    try:
        with being_written(path) as file:
            yield file
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from error
