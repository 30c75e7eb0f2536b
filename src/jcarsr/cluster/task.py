"""What a worker does with one picture: bytes in, a result and a record of it out. Knows no engine.

The record is written before its result, with the hash that the result will have. A worker may be
killed at any moment and another do the same again: what stands there is then known to be ours.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, cast

from jcarsr.batch.earlier import RECORDS
from jcarsr.cluster.store import Store
from jcarsr.errors import ImageError
from jcarsr.image import Format
from jcarsr.image.formats import format_named
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.outcome import Outcome

_MAX_RECORD = 2**16  # bytes


@dataclass(frozen=True, kw_only=True)
class ResultRecord:
    """What a result was made from, and its hash."""

    source_sha256: str
    made_by: str
    """Hash of settings and weights."""
    result_sha256: str
    previous_sha256: str | None = None
    """Of the result that it replaces."""
    source: str | None = None
    """Where the picture was; None = the record does not say, as those before 2026-11-27."""

    def as_bytes(self) -> bytes:
        """Return the record's file."""
        return json.dumps(vars(self), sort_keys=True).encode()


@dataclass(frozen=True)
class Task:
    """Restores pictures of one store into another; is used from one thread.

    Args:
        files: restores.
        out: of results and records.
        overwrite: files of other origin, and results of other pictures, may be replaced.
        place: of the pictures; with a key it says which picture a result is of.
    """

    files: FileRestorer
    out: Store
    overwrite: bool = False
    place: str = ""

    def run(self, key: str, data: bytes, target: str) -> Outcome:
        """Restore a picture, unless its result is there already.

        Args:
            key: the picture's name.
            data: of its file.
            target: the result's path; its extension decides the format.

        Returns:
            an outcome that is done or skipped; its target is None.

        Raises:
            JCARSRError: it cannot be restored or saved, or a file of other origin or the result of
                another picture is there.
        """
        sha256, source, made_by = _sha256(data), f"{self.place}/{key}", self.made_by
        standing, record = self.out.find(target), self._record(target)
        previous = None if standing is None else _sha256(standing)
        if record is not None and (record.source_sha256, record.made_by, record.result_sha256) == (
            sha256,
            made_by,
            previous,
        ):
            if record.source != source:  # it was moved: what it will be changed to is still its own
                self.out.write(_record_key(target), replace(record, source=source).as_bytes())
            return Outcome(source=key, state="skipped")
        if previous is not None and not self.overwrite:
            if record is None or previous not in (record.result_sha256, record.previous_sha256):
                raise ImageError(f"{target} exists already: overwrite=True replaces it")
            if record.source_sha256 != sha256 and record.source not in (None, source):
                raise ImageError(
                    f"its result {target} is that of {record.source}: change --name or "
                    "--out, or --overwrite replaces it"
                )
        format = format_named(target.rpartition(".")[2])
        result, outcome = self.files.run_bytes(data, cast("Format", format), key)
        made = ResultRecord(
            source_sha256=sha256,
            made_by=made_by,
            result_sha256=_sha256(result),
            previous_sha256=previous,
            source=source,
        )
        if previous is None and not self.overwrite:  # the network took its time
            came = self.out.find(target)
            if came is not None and _sha256(came) != made.result_sha256:
                raise ImageError(f"{target} came to be there meanwhile: overwrite=True replaces it")
        self.out.write(_record_key(target), made.as_bytes())
        self.out.write(target, result)
        return outcome

    @property
    def made_by(self) -> str:
        """Hash of the settings and of all weights that may be chosen.

        Raises:
            WeightsError: weights that all pictures need are missing.
        """
        networks, settings = self.files.networks, self.files.settings
        hashes = [networks.hashes(scale) for scale in networks.network_scales(settings.target)]
        return _sha256(json.dumps([self.files.settings_text, hashes]).encode())

    def _record(self, target: str) -> ResultRecord | None:
        data = self.out.find(_record_key(target))
        if data is None or len(data) > _MAX_RECORD:
            return None
        try:
            fields: Any = json.loads(data)
            return ResultRecord(**fields)
        except (ValueError, TypeError):  # not ours: then the result is not, either
            return None


def _record_key(target: str) -> str:
    return f"{RECORDS}/{target}.json"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
