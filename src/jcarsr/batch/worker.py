"""What happens to one file: read, restore, write; and what became of it."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from jcarsr.batch.decide import Decision, decide, sha256_of
from jcarsr.batch.ledger import Entry, Ledger, as_text
from jcarsr.batch.plan import Job, Refused
from jcarsr.batch.settings import Settings
from jcarsr.errors import ImageError, JCARSRError
from jcarsr.image import Animation, Picture, check_format, decode, format_of, save, size_of
from jcarsr.image.decode import read_bytes
from jcarsr.inference.animate import animate
from jcarsr.inference.compose import compose
from jcarsr.inference.gradient_map import gradient_map
from jcarsr.inference.networks import Networks

LARGE = 8_000_000
"""Pixels; a picture or a result with more is not held beside others."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one input."""

    source: Path
    target: Path | None = None
    state: Literal["done", "skipped", "failed"]
    error: str | None = None
    notes: tuple[str, ...] = ()  # what could not be kept
    seconds: float = 0.0  # of reading, restoring and writing
    size: tuple[int, int] | None = None  # (width, height) of the result, upright
    scale: int | None = None  # of the network
    weights: str | None = None
    tile: int | None = None
    full_precision_tiles: int = 0  # repeated because their values were not finite


@dataclass(frozen=True, kw_only=True)
class Read:
    """A file that has been read and is to be restored."""

    job: Job
    data: bytes
    sha256: str
    decision: Decision
    picture: Picture | Animation | None  # None = large: decoded when its turn comes
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """A restored picture that is to be written."""

    job: Job
    picture: Picture | Animation
    gradient: Picture | None
    entry: Entry
    outcome: Outcome  # as it will be if writing succeeds


class Worker:
    """The three steps of a job, each from any thread; holds no state of any picture.

    Args:
        networks: what restores.
        settings: how.
        ledger: of the output folder; None = the result was given by its name.
        overwrite: files of other origin may be replaced.
    """

    def __init__(
        self,
        networks: Networks,
        settings: Settings,
        ledger: Ledger | None = None,
        *,
        overwrite: bool = False,
    ) -> None:
        self._networks, self._settings, self._ledger = networks, settings, ledger
        self._overwrite = overwrite
        self._settings_text = settings.as_text()

    def read(self, job: Job) -> Read | Outcome:
        """Read and decode a file, unless its result is there already.

        Raises:
            JCARSRError: it cannot be read, or its result must not be replaced.
        """
        started = time.perf_counter()
        data = read_bytes(job.source)
        sha256 = hashlib.sha256(data).hexdigest()
        decision = self._decide(job, sha256)
        if decision.skip:
            return Outcome(source=job.source, target=job.target, state="skipped")
        height, width = size_of(io.BytesIO(data), self._settings.read)
        picture = None if height * width > LARGE else decode(io.BytesIO(data), self._settings.read)
        return Read(
            job=job,
            data=data,
            sha256=sha256,
            decision=decision,
            picture=picture,
            seconds=time.perf_counter() - started,
        )

    def restore(self, read: Read, on_tile: Callable[[int, int], None]) -> Result:
        """Run the network.

        Raises:
            JCARSRError: the result cannot be made or could not be saved.
        """
        started = time.perf_counter()
        picture = read.picture or decode(io.BytesIO(read.data), self._settings.read)
        target = self._settings.target
        size = target.size(*picture.size)
        check_format(picture, size, format_of(read.job.target) or "")
        scale = target.native_scale(*picture.size, self._networks.scales)
        restorer, record = self._networks.restorer(scale), self._networks.record(scale)
        gradient = None
        if isinstance(picture, Animation):
            if self._settings.gradient:
                raise ImageError("an animation has no one gradient map: --first-frame")
            restored, repeated = animate(
                picture, restorer, size, on_tile, self._networks.max_memory
            )
            tile, notes = self._settings.tile, ()
        else:
            composed = compose(picture, restorer, size, on_tile)
            restored, repeated, tile = (
                composed.picture,
                composed.full_precision_tiles,
                composed.tile,
            )
            notes = picture.notes
            if self._settings.gradient:
                gradient = gradient_map(picture, self._networks.gradient(scale))
        seconds = read.seconds + time.perf_counter() - started
        outcome = Outcome(
            source=read.job.source,
            target=read.job.target,
            state="done",
            notes=notes,
            seconds=seconds,
            size=size,
            scale=scale,
            weights=record.name,
            tile=tile,
            full_precision_tiles=repeated,
        )
        entry = Entry(
            target="",
            source=as_text(str(read.job.source)),
            state="pending",
            source_sha256=read.sha256,
            settings=self._settings_text,
            weights_sha256=record.sha256,
            previous_sha256=read.decision.previous_sha256,
            scale=scale,
            tile=tile,
            full_precision_tiles=repeated,
        )
        return Result(
            job=read.job, picture=restored, gradient=gradient, entry=entry, outcome=outcome
        )

    def write(self, result: Result) -> Outcome:
        """Save a result and enter it.

        Raises:
            StorageError: nothing more can be written.
            JCARSRError: this one cannot be saved.
        """
        started = time.perf_counter()
        target, ledger = result.job.target, self._ledger
        entry = result.entry

        def enter(partial: Path) -> None:
            nonlocal entry
            if ledger is not None:
                entry = replace(entry, target=ledger.key(target), result_sha256=sha256_of(partial))
                ledger.enter(entry)

        if result.gradient is not None:
            save(result.gradient, gradient_path(target))
        lost = save(result.picture, target, self._settings.save, enter)
        seconds = result.outcome.seconds + time.perf_counter() - started
        if ledger is not None:
            ledger.enter(replace(entry, state="done", previous_sha256=None, seconds=seconds))
        return replace(result.outcome, seconds=seconds, notes=(*result.outcome.notes, *lost))

    def failed(self, job: Job | Refused, error: Exception) -> Outcome:
        """The outcome of a job that raised `error`, entered."""
        reason = one_line_reason(error)
        if isinstance(job, Refused):
            return Outcome(source=job.source, state="failed", error=reason)
        if self._ledger is not None:
            old = self._ledger.find(job.target)
            self._ledger.enter(
                Entry(
                    target=self._ledger.key(job.target),
                    source=as_text(str(job.source)),
                    state="failed",
                    previous_sha256=old and (old.result_sha256 or old.previous_sha256),
                    error=reason,
                )
            )
        return Outcome(source=job.source, target=job.target, state="failed", error=reason)

    def _decide(self, job: Job, sha256: str) -> Decision:
        entry = None if self._ledger is None else self._ledger.find(job.target)
        decision = decide(
            job.target,
            entry,
            source_sha256=sha256,
            settings=self._settings_text,
            weights_sha256=self._sha256_for(entry),
            overwrite=self._overwrite,
        )
        if not self._settings.gradient:
            return decision
        gradient = gradient_path(job.target)
        if not gradient.exists():
            return replace(decision, skip=False)
        if not decision.skip and decision.previous_sha256 is None and not self._overwrite:
            raise ImageError(f"{gradient} exists already: --overwrite replaces it")
        return decision

    def _sha256_for(self, entry: Entry | None) -> str | None:
        """Hash of the weights that would now be used for what the entry's were used for."""
        if entry is None or entry.scale is None or entry.scale not in self._networks.scales:
            return None
        return self._networks.record(entry.scale).sha256


def gradient_path(target: Path) -> Path:
    """Where the gradient map of a result is written: beside it."""
    return target.with_suffix(".gradient.png")


def one_line_reason(error: Exception) -> str:
    """What to tell the user about an error, our own or not."""
    if isinstance(error, JCARSRError):
        return " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
