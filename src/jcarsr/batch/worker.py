"""What happens to one file: read, restore, write; and what became of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from jcarsr.batch.adopt import adopt
from jcarsr.batch.decide import Decision, decide, sha256_of
from jcarsr.batch.ledger import Entry, Ledger, as_text
from jcarsr.batch.plan import Job, Refused, gradient_path
from jcarsr.batch.reading import PlainReader, Reader
from jcarsr.batch.settings import Settings
from jcarsr.errors import ImageError, JCARSRError, LargePictureError, MemoryLimitError
from jcarsr.image import (
    Animation,
    Picture,
    SaveOptions,
    check_format,
    format_of,
    save,
)
from jcarsr.image.decode import read_bytes
from jcarsr.image.guard import check_file
from jcarsr.image.header import Header
from jcarsr.inference.animate import animate, check_film
from jcarsr.inference.compose import compose
from jcarsr.inference.gradient_map import gradient_map
from jcarsr.inference.memory import fitting_tile
from jcarsr.inference.networks import Networks

LARGE = 8_000_000
"""Pixels; a picture or a result with more is not held beside others."""


HELD = 2**26
"""Bytes; a larger file is not held beside others."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one input."""

    source: Path | str  # str: no path, such as a URL
    target: Path | None = None
    state: Literal["done", "skipped", "adopted", "failed"]
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
    data: bytes | None  # None = a large file: read again when its turn comes
    sha256: str
    decision: Decision
    map_decision: Decision | None  # about the gradient map, if one is wanted
    picture: Picture | Animation | None  # None = large: decoded when its turn comes
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """A restored picture that is to be written."""

    job: Job
    picture: Picture | Animation
    entry: Entry
    gradient: Picture | None
    map_entry: Entry
    outcome: Outcome  # as it will be if writing succeeds


class Worker:
    """The three steps of a job, each from any thread; holds no state of any picture.

    Args:
        networks: what restores.
        settings: how.
        ledger: of the output folder; None = there is none.
        overwrite: files of other origin may be replaced.
        adopt: results of which the ledger knows nothing are entered if they fit.
        reader: reads the files.
    """

    def __init__(
        self,
        networks: Networks,
        settings: Settings,
        ledger: Ledger | None = None,
        *,
        overwrite: bool = False,
        adopt: bool = False,
        reader: Reader = PlainReader(),  # noqa: B008
    ) -> None:
        if settings.read.max_memory is None:
            limited = replace(settings.read, max_memory=networks.max_memory)
            settings = replace(settings, read=limited)
        self._reader = reader
        self._networks, self._settings, self._ledger = networks, settings, ledger
        self._overwrite, self._adopt = overwrite, adopt and ledger is not None
        self._settings_text = settings.as_text(networks.scales, chooses=networks.chooses)

    def read(self, job: Job) -> Read | Outcome:
        """Read and decode a file, unless its result is there already.

        Raises:
            JCARSRError: it cannot be read, or its result must not be replaced.
        """
        started = time.perf_counter()
        data = _held(job.source) if job.data is None else job.data
        sha256 = sha256_of(job.source) if data is None else hashlib.sha256(data).hexdigest()
        decision, map_decision = self._decide(job.target, sha256), None
        if self._settings.gradient:
            map_decision = self._decide(gradient_path(job.target), sha256)
        adopting = decision.adopt or (map_decision is not None and map_decision.adopt)
        if adopting and self._ledger is not None:
            adopt(
                {job.target: decision, gradient_path(job.target): map_decision},
                job,
                sha256,
                networks=self._networks,
                settings=self._settings,
                ledger=self._ledger,
                reader=self._reader,
            )
        if decision.skip and (map_decision is None or map_decision.skip):
            state = "adopted" if adopting else "skipped"
            return Outcome(source=job.source, target=job.target, state=state)
        source = job.source if data is None else data
        header = self._reader.header(source, self._settings.read)
        self._check_memory(header)
        picture = None
        if data is not None and header.height * header.width <= LARGE:
            picture = self._reader.decode(data, self._settings.read)
        return Read(
            job=job,
            data=data,
            sha256=sha256,
            decision=decision,
            map_decision=map_decision,
            picture=picture,
            seconds=time.perf_counter() - started,
        )

    def restore(self, read: Read, on_tile: Callable[[int, int], None]) -> Result:
        """Run the network.

        Raises:
            JCARSRError: the result cannot be made or could not be saved.
        """
        started = time.perf_counter()
        picture = read.picture
        if picture is None:
            source = read.job.source if read.data is None else read.data
            picture = self._reader.decode(source, self._settings.read)
        target = self._settings.target
        size = target.size(*picture.size)
        check_format(picture, size, format_of(read.job.target) or "")
        scale = target.native_scale(*picture.size, self._networks.scales)
        name = self._networks.choose(picture, scale)
        restorer, record = self._networks.restorer(scale, name), self._networks.record(scale, name)
        gradient = None
        if isinstance(picture, Animation):
            if self._settings.gradient:
                raise ImageError("an animation has no one gradient map: --first-frame")
            restored, repeated = animate(
                picture, restorer, size, on_tile, self._networks.max_memory
            )
            tile, notes = self._settings.tile, picture.notes
        else:
            composed = compose(picture, restorer, size, on_tile)
            restored, repeated, tile = (
                composed.picture,
                composed.full_precision_tiles,
                composed.tile,
            )
            notes = picture.notes
            if self._settings.gradient:
                gradient = gradient_map(picture, self._networks.gradient(scale, name))
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
        previous = read.map_decision and read.map_decision.previous_sha256
        return Result(
            job=read.job,
            picture=restored,
            entry=entry,
            gradient=gradient,
            map_entry=replace(entry, previous_sha256=previous),
            outcome=outcome,
        )

    def write(self, result: Result) -> Outcome:
        """Save a result and enter it.

        Raises:
            StorageError: nothing more can be written.
            JCARSRError: this one cannot be saved.
        """
        started = time.perf_counter() - result.outcome.seconds
        target = result.job.target
        if result.gradient is not None:
            place = gradient_path(target)
            self._save(result.gradient, place, SaveOptions(), result.map_entry, started)
        lost = self._save(result.picture, target, self._settings.save, result.entry, started)
        seconds = time.perf_counter() - started
        return replace(result.outcome, seconds=seconds, notes=(*result.outcome.notes, *lost))

    def failed(self, job: Job | Refused, error: Exception) -> Outcome:
        """The outcome of a job that raised `error`, entered."""
        reason = one_line_reason(error)
        if isinstance(job, Refused):
            return Outcome(source=job.source, state="failed", error=reason)
        if self._ledger is not None:
            old = self._ledger.find(job.target)  # whichever of its results stands there is ours
            self._ledger.enter(
                Entry(
                    target=self._ledger.key(job.target),
                    source=as_text(str(job.source)),
                    state="failed",
                    result_sha256=old and old.result_sha256,
                    previous_sha256=old and old.previous_sha256,
                    error=as_text(reason),
                )
            )
        return Outcome(source=job.source, target=job.target, state="failed", error=reason)

    def _save(
        self,
        picture: Picture | Animation,
        target: Path,
        options: SaveOptions,
        entry: Entry,
        started: float,
    ) -> tuple[str, ...]:
        """Save and enter: as pending before the file gets its name, as done after that."""
        ledger = self._ledger
        if ledger is None:
            return save(picture, target, options)
        entry = replace(entry, target=ledger.key(target))

        def enter(partial: Path) -> None:
            nonlocal entry
            entry = replace(entry, result_sha256=sha256_of(partial))
            ledger.enter(entry)

        lost = save(picture, target, options, enter)
        ledger.enter(replace(_done(entry), seconds=time.perf_counter() - started))
        return lost

    def _check_memory(self, header: Header) -> None:
        """Refuse before it is decoded what could not be restored within the memory allowed.

        Raises:
            LargePictureError: it needs more.
            JCARSRError: no network enlarges so far.
        """
        most, networks = self._networks.max_memory, self._networks
        if most is None:
            return
        size = self._settings.target.size(*header.size)
        scale = self._settings.target.native_scale(*header.size, networks.scales)
        facts = networks.record(scale).facts
        try:
            if header.frames > 1:
                check_film(header.frames, size, most)
            fitting_tile(
                header.height,
                header.width,
                scale=scale,
                tile=self._settings.tile,
                bytes_per_pixel=facts.bytes_per_pixel("lr" if scale == 1 else "sr"),
                max_memory=most,
                itemsize=header.itemsize,
            )
        except MemoryLimitError as error:
            raise LargePictureError(str(error)) from error

    def _decide(self, target: Path, sha256: str) -> Decision:
        entry = None if self._ledger is None else self._ledger.find(target)
        decision = decide(
            target,
            entry,
            source_sha256=sha256,
            settings=self._settings_text,
            weights_sha256=self._sha256_for(entry),
            overwrite=self._overwrite,
            adopt=self._adopt,
        )
        if decision.skip and self._ledger and entry and entry.state == "pending":
            self._ledger.enter(_done(entry))  # killed after the rename
        return decision

    def _sha256_for(self, entry: Entry | None) -> str | None:
        """Hash of the weights that would now be used for what the entry's were used for.

        Where they depend on the picture, the entry's stand if they are among those to choose from:
        the same picture gets the same.
        """
        if entry is None or entry.scale is None or entry.scale not in self._networks.scales:
            return None
        hashes = self._networks.hashes(entry.scale)
        return entry.weights_sha256 if entry.weights_sha256 in hashes else hashes[0]


def _held(source: Path) -> bytes | None:
    """A file's bytes, None if they are too many to be held beside those of others."""
    try:
        check_file(source)
        if source.stat().st_size > HELD:
            return None
    except OSError:
        pass  # of which reading tells
    return read_bytes(source)


def _done(entry: Entry) -> Entry:
    return replace(entry, state="done", previous_sha256=None)


def one_line_reason(error: Exception) -> str:
    """What to tell the user about an error, our own or not."""
    if isinstance(error, JCARSRError):
        return " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
