"""What a run does with one of its files: restore it as asked, unless its result is there already.

Adds to `restoring.file` what many files need: reading ahead, hashes, decisions and the ledger.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jcarsr.batch.adopt import adopt
from jcarsr.batch.decide import Decision, decide, is_source, sha256_of
from jcarsr.batch.ledger import Entry, Ledger, Planned, as_text
from jcarsr.batch.outdated import remove_outdated
from jcarsr.batch.plan import FileJob, Refused
from jcarsr.errors import DeviceError, ImageError, JCARSRError, with_options
from jcarsr.image import Animation, Picture
from jcarsr.image.decode import read_bytes
from jcarsr.image.guard import check_file
from jcarsr.progress import OnTile
from jcarsr.restoring.devices import Devices
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outcome import Outcome, outcome_of
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.picture import RestoredOutputs
from jcarsr.restoring.place import exists
from jcarsr.restoring.reading import PlainReader, Reader
from jcarsr.restoring.settings import Settings

LARGE = 8_000_000
"""Pixels; a picture or a result with more is not held in memory together with others."""


HELD = 2**26
"""Bytes; a larger file is not held in memory together with others."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadFile:
    """A file that has been read and is to be restored."""

    job: FileJob
    data: bytes | None
    """None = a large file: read again when its turn comes."""
    sha256: str
    decisions: Mapping[Kind, Decision]
    picture: Picture | Animation | None
    """None = large: decoded when its turn comes."""
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class RestoredFile:
    """A restored picture that is to be written."""

    job: FileJob
    restored: RestoredOutputs
    entries: Mapping[Kind, Entry]
    """To be made, but for the hash and the seconds."""
    seconds: float
    """Of reading and restoring."""


class LedgerWorker:
    """The three steps of a job, each from any thread; holds no state of any picture.

    Args:
        networks: what restores.
        settings: how.
        ledger: of the output folder; None = there is none.
        others: the same networks on more devices, which restore other pictures at the same time.
        on_lost: called with what a device said that computes no more, while others do.
        overwrite: files of other origin, and results of other pictures, may be replaced.
        adopt: results of which the ledger knows nothing are entered if they fit.
        reader: reads the files.
    """

    def __init__(
        self,
        networks: Networks,
        settings: Settings,
        ledger: Ledger | None = None,
        *,
        others: Sequence[Networks] = (),
        on_lost: Callable[[DeviceError], None] = lambda error: None,
        overwrite: bool = False,
        adopt: bool = False,
        reader: Reader = PlainReader(),  # noqa: B008
    ) -> None:
        devices = Devices([networks, *others], on_lost)
        self._files, self._ledger = FileRestorer(networks, settings, reader, devices), ledger
        self.devices = 1 + len(others)
        """How many pictures are restored at the same time."""
        self._networks, self._settings, self._reader = networks, self._files.settings, reader
        self._overwrite, self._adopt = overwrite, adopt and ledger is not None
        self._settings_text = self._files.settings_text

    def read(self, job: FileJob) -> ReadFile | Outcome:
        """Read and decode a file, unless its result is there already.

        Raises:
            JCARSRError: it cannot be read, or its result must not be replaced.
        """
        started = time.perf_counter()
        data = _read_unless_large(job.source) if job.data is None else job.data
        sha256 = sha256_of(job.source) if data is None else hashlib.sha256(data).hexdigest()
        paths = self._files.paths(job.target)
        decisions: dict[Kind, Decision] = {
            kind: self._decide(path, job.source, sha256) for kind, path in paths.items()
        }
        adopting = any(decision.adopt for decision in decisions.values())
        if adopting and self._ledger is not None:
            adopt(
                {paths[kind]: decision for kind, decision in decisions.items()},
                job,
                sha256,
                networks=self._networks,
                settings=self._settings,
                ledger=self._ledger,
                reader=self._reader,
            )
        if all(decision.skip for decision in decisions.values()):
            state = "adopted" if adopting else "skipped"
            if self._ledger is not None:
                self._ledger.meet(job.target)
            return Outcome(source=job.source, target=job.target, state=state)
        source = job.source if data is None else data
        header = self._files.check(source)
        picture = None
        if data is not None and header.height * header.width <= LARGE:
            picture = self._files.read(data)
        return ReadFile(
            job=job,
            data=data,
            sha256=sha256,
            decisions=decisions,
            picture=picture,
            seconds=time.perf_counter() - started,
        )

    def restore(self, read: ReadFile, on_tile: OnTile) -> RestoredFile:
        """Run the network, on a device that is free.

        Raises:
            DeviceError: no device computes any more.
            JCARSRError: the result cannot be made or could not be saved.
        """
        started = time.perf_counter()
        job, picture = read.job, read.picture
        if picture is None:
            picture = self._files.read(job.source if read.data is None else read.data)
        restored = self._files.restore(picture, job.target, on_tile)
        return RestoredFile(
            job=job,
            restored=restored,
            entries={
                kind: self._entry(read, restored, kind)
                for kind in restored.outputs
                if not read.decisions[kind].adopt  # entered, and left as it is
            },
            seconds=read.seconds + time.perf_counter() - started,
        )

    def write(self, result: RestoredFile) -> Outcome:
        """Save a result and enter it.

        Raises:
            StorageError: nothing more can be written.
            JCARSRError: this one cannot be saved.
        """
        started = time.perf_counter() - result.seconds
        job, notes = result.job, tuple[str, ...]()
        for kind, path in reversed(self._files.paths(job.target).items()):
            if kind in result.entries:
                notes = (*self._save(result, kind, path, started), *notes)
        seconds = time.perf_counter() - started
        return outcome_of(result.restored, job.source, job.target, notes=notes, seconds=seconds)

    def record_failure(self, job: FileJob | Refused, error: Exception) -> Outcome:
        """The outcome of a job that raised `error`, entered."""
        reason = one_line_reason(error)
        if isinstance(job, Refused):
            return Outcome(source=job.source, state="failed", error=reason)
        if self._ledger is None:
            return Outcome(source=job.source, target=job.target, state="failed", error=reason)
        key, old = self._ledger.key(job.target), self._ledger.find(job.target)
        if old and old.result_sha256 and not is_source(old, job.source):  # the entry stays
            planned = Planned(as_text(str(job.source)), key)
            self._ledger.refuse(planned, as_text(reason))
        else:  # whichever of its results stands there is ours
            self._ledger.enter(
                Entry(
                    target=key,
                    source=as_text(os.path.abspath(job.source)),
                    state="failed",
                    result_sha256=old and old.result_sha256,
                    previous_sha256=old and old.previous_sha256,
                    error=as_text(reason),
                )
            )
        return Outcome(source=job.source, target=job.target, state="failed", error=reason)

    def _entry(self, read: ReadFile, restored: RestoredOutputs, kind: Kind) -> Entry:
        """What will be entered of one output, without its file."""
        return Entry(
            target="",
            source=as_text(os.path.abspath(read.job.source)),
            state="pending",
            source_sha256=read.sha256,
            settings=self._settings_text,
            weights_sha256=restored.record.sha256,
            previous_sha256=read.decisions[kind].previous_sha256,
            scale=restored.scale,
            tile=restored.tile,
            full_precision_tiles=restored.full_precision_tiles,
        )

    def _save(
        self, result: RestoredFile, kind: Kind, path: Path, started: float
    ) -> tuple[str, ...]:
        """Save and enter: as pending before the file gets its name, as done after that."""
        ledger, job, notes = self._ledger, result.job, tuple[str, ...]()
        entry = result.entries[kind]
        own = [entry]

        def enter(partial: Path) -> None:
            nonlocal entry, notes
            if entry.previous_sha256 is None and not self._overwrite and exists(path):
                raise ImageError(f"{path} came to be there meanwhile: overwrite=True replaces it")
            if ledger is not None:
                own.extend(filter(None, [ledger.find(path)]))
                entry = replace(entry, target=ledger.key(path), result_sha256=sha256_of(partial))
                ledger.enter(entry)
            if kind == "picture":
                notes = remove_outdated(job, partial, self._settings.outputs, ledger, own)

        lost = self._files.write(result.restored, kind, path, enter)
        if ledger is not None:
            ledger.enter(replace(_as_done(entry), seconds=time.perf_counter() - started))
        return (*lost, *notes)

    def _decide(self, target: Path, source: Path, sha256: str) -> Decision:
        entry = None if self._ledger is None else self._ledger.find(target)
        decision = decide(
            target,
            entry,
            source=source,
            source_sha256=sha256,
            settings=self._settings_text,
            weights_sha256=self._sha256_for(entry),
            overwrite=self._overwrite,
            adopt=self._adopt,
        )
        if decision.skip and self._ledger and entry:
            moved = as_text(os.path.abspath(source))  # whatever it will be changed to is its own
            killed = entry.state == "pending"  # after the rename
            if killed or entry.source != moved:
                self._ledger.enter(replace(_as_done(entry), source=moved))
        return decision

    def _sha256_for(self, entry: Entry | None) -> str | None:
        """Hash of the weights that would now be used for what the entry's were used for.

        Where they depend on the picture, the entry's stand if they are among those to choose from:
        the same picture gets the same.
        """
        if entry is None or entry.scale is None:
            return None
        scale = self._networks.network_scale(entry.scale)
        if scale not in self._networks.scales:
            return None
        hashes = self._networks.hashes(scale)
        return entry.weights_sha256 if entry.weights_sha256 in hashes else hashes[0]


def _read_unless_large(source: Path) -> bytes | None:
    """A file's bytes, None if they are too many to be held together with others."""
    try:
        check_file(source)
        if source.stat().st_size > HELD:
            return None
    except OSError:
        pass  # reading it says why
    return read_bytes(source)


def _as_done(entry: Entry) -> Entry:
    return replace(entry, state="done", previous_sha256=None)


def one_line_reason(error: Exception) -> str:
    """Return the message for the command's user about an error, our own or not."""
    if isinstance(error, JCARSRError):
        return with_options(" ".join(str(error).split()))
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
