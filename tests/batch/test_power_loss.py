"""A loss of power at any moment: what was not synchronised is lost, or is there as a name alone.

The disk here keeps of a file what it had at its last fsync and of a folder the names that it had at
its own. SQLite's part is taken as it promises: an entry is on disk when `enter` returns.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jcarsr import partfile
from jcarsr.batch.ledger import Entry, Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import plan_jobs
from jcarsr.batch.worker import LedgerWorker
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of descriptors")


class Disk:
    """Records every step below `root` and says what a loss of power would have broken."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.steps: list[str] = []
        self.broken: list[str] = []
        self._contents: dict[int, bytes] = {}  # inode -> bytes on disk
        self._names: dict[Path, dict[str, int]] = {root: {}}  # folder -> name -> inode, on disk
        self._entries: dict[str, Entry] = {}
        fsync, replace, enter = os.fsync, Path.replace, Ledger.enter

        def watched_fsync(descriptor: int) -> None:
            self.check()
            fsync(descriptor)
            path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                self._names[path] = self._now(path)
                self.steps.append(f"names of {path.relative_to(root)}")
            else:
                self._contents[os.fstat(descriptor).st_ino] = path.read_bytes()
                self.steps.append("bytes")
            self.check()

        def watched_replace(self_: Path, target: Path) -> Path:
            self.check()
            result = replace(self_, target)
            self.steps.append("rename")
            self.check()
            return result

        def watched_enter(ledger: Ledger, entry: Entry) -> None:
            self.check()
            enter(ledger, entry)
            self._entries[entry.target] = entry
            self.steps.append(entry.state)
            self.check()

        monkeypatch.setattr(os, "fsync", watched_fsync)
        monkeypatch.setattr(Path, "replace", watched_replace)
        monkeypatch.setattr(Ledger, "enter", watched_enter)

    def check(self) -> None:
        """See what would stand there if the power failed now."""
        for kept in (False, True):  # names that were not synchronised
            standing = dict(self._standing(self.root / "out", kept))
            for name, content in standing.items():
                sound = content is not None and content.endswith(b"IEND\xaeB`\x82")
                self._see(sound, f"{name} is half, after {self.steps}")
            for entry in self._entries.values():
                content = standing.get(entry.target)
                found = None if content is None else hashlib.sha256(content).hexdigest()
                ours = (entry.result_sha256, entry.previous_sha256)
                if entry.state == "done":
                    self._see(found == entry.result_sha256, f"{entry.target} is not there")
                self._see(found is None or found in ours, f"{entry.target} is nobody's")
            for name in standing.keys() - self._entries.keys():
                self._see(False, f"{name} stands there and the ledger does not know it")

    def _see(self, good: bool, what: str) -> None:
        if not good:
            self.broken.append(what)

    def _standing(self, folder: Path, kept: bool) -> Iterator[tuple[str, bytes | None]]:
        """(name in `out`, bytes; None = none of them arrived) of every result."""
        known = folder.parent in self._names and folder.name in self._names[folder.parent]
        if not folder.exists() or not (known or kept):
            return
        names = self._now(folder) if kept else self._names.get(folder, {})
        for name, inode in names.items():
            path = folder / name
            if path.suffix == ".png":
                yield path.relative_to(self.root / "out").as_posix(), self._contents.get(inode)
            elif path.is_dir():
                yield from self._standing(path, kept)

    def _now(self, folder: Path) -> dict[str, int]:
        return {path.name: path.lstat().st_ino for path in folder.iterdir()}


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    for name in ("a.png", "deep/er/b.png"):
        put(tmp_path, name, 1)
    return Disk(tmp_path, monkeypatch)


def put(root: Path, name: str, seed: int) -> None:
    path = root / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 8, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def restore(root: Path, networks: Any) -> list[str]:
    plan = plan_jobs([root / "in"], root / "out", size="x2", format=None)
    with Ledger(root / "out") as ledger:
        worker = LedgerWorker(networks, Settings(target=Target(scale=2)), ledger)
        states: list[str] = []
        for job in plan.jobs:  # one after the other, so that the steps have an order
            states += [outcome.state for outcome in run_jobs(worker, [job])]
        return states


def test_nothing_is_lost_at_any_moment(disk: Disk, networks: Any) -> None:
    assert restore(disk.root, networks) == ["done", "done"]
    put(disk.root, "a.png", 2)
    put(disk.root, "deep/er/b.png", 3)
    assert restore(disk.root, networks) == ["done", "done"]  # in place of the older ones
    assert disk.broken == []
    assert disk.steps == [
        "names of .",  # of the new folder `out`
        *("bytes", "pending", "rename", "names of out", "done"),
        *("names of out", "names of out/deep"),
        *("bytes", "pending", "rename", "names of out/deep/er", "done"),
        *("bytes", "pending", "rename", "names of out", "done"),
        *("bytes", "pending", "rename", "names of out/deep/er", "done"),
    ]


@pytest.mark.parametrize("missing", ["bytes", "names"])
def test_this_disk_notices_what_is_not_synchronised(
    disk: Disk, networks: Any, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    synchronise, directory = os.fsync, missing == "names"

    def forgetful(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) is not directory:
            synchronise(descriptor)

    monkeypatch.setattr(partfile.os, "fsync", forgetful)
    restore(disk.root, networks)
    assert any(
        "half" in what if missing == "bytes" else "not there" in what for what in disk.broken
    )
