"""Compiled networks kept in the user's cache folder, so that the next start need not compile.

They hold weights and settings, nothing of any picture. Every file begins with the hash of what
follows, so that damage is noticed; without a cache, or where it cannot be written, all works as
with one.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from jcarsr.partfile import being_written, remove_dead_parts

FOLDER = "JCARSR_CACHE"
"""The environment variable that names the folder; empty = nothing is kept."""

_SUFFIX = ".compiled"
_MOST = 32  # files kept, 1 to 3 MB each of small networks; the one unused for longest goes first
_MOST_BYTES = 2**29  # of all; large networks have some 4 bytes a parameter
_HASH = hashlib.sha256().digest_size


def cache_folder() -> Path | None:
    """Return the folder that `JCARSR_CACHE` names, else `jcarsr` in the user's cache folder.

    None = nothing is to be kept, or there is no home.
    """
    named = os.environ.get(FOLDER)
    if named is not None:
        return Path(named) if named else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(base or Path.home() / ".cache") / "jcarsr"
    except RuntimeError:
        return None


def key_of(*parts: str) -> str:
    """Return a key that differs wherever one of the parts does.

    >>> key_of("ab", "c") == key_of("a", "bc")
    False
    """
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class CompiledCache:
    """Compiled networks by key.

    Args:
        folder: made when it is needed; None = nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, key: str) -> bytes | None:
        """Return what was kept under a key; None if nothing whole of this user's is there."""
        if self._folder is None:
            return None
        path = self._folder / f"{key}{_SUFFIX}"
        try:
            with path.open("rb") as file:
                is_own = not hasattr(os, "getuid") or os.fstat(file.fileno()).st_uid == os.getuid()
                data = file.read() if is_own else b""
            os.utime(path)
        except OSError:
            return None
        compiled = data[_HASH:]
        return compiled if hashlib.sha256(compiled).digest() == data[:_HASH] else None

    def keep(self, key: str, compiled: bytes) -> None:
        """Keep a compiled network; where that is not possible, nothing is."""
        if self._folder is None:
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with being_written(self._folder / f"{key}{_SUFFIX}") as file:
                file.write(hashlib.sha256(compiled).digest() + compiled)
            remove_dead_parts(self._folder)
            self._remove_oldest(self._folder)

    @staticmethod
    def _remove_oldest(folder: Path) -> None:
        kept = [(path, path.stat()) for path in folder.glob(f"*{_SUFFIX}")]
        total = 0
        for number, (path, about) in enumerate(sorted(kept, key=lambda one: -one[1].st_mtime)):
            total += about.st_size
            if number and (number >= _MOST or total > _MOST_BYTES):  # the newest stays
                path.unlink(missing_ok=True)
