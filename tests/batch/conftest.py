"""What restores in these tests: no PyTorch, so that a process of its own starts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jcarsr.batch.ledger import Ledger
from jcarsr.batch.plan import FileJob
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.pixels import Pixels, Planes
from jcarsr.restoring.restorer import NetworkRestorer
from jcarsr.weights import Record


class Nearest:
    """An engine that repeats pixels, and mirrors a tile from left to right if it shall."""

    bytes_per_pixel = 1

    def __init__(self, scale: int, mirror: bool) -> None:
        self.scale, self.mirror = scale, mirror

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        large = lq.repeat(self.scale, 2).repeat(self.scale, 3)
        return np.flip(large, 3) if self.mirror else large


class NearestNetworks:
    """Stands for `Networks`: every result is a picture that a test can work out."""

    scales: tuple[int, ...] = (2, 4)
    max_memory = None

    def __init__(self, weights: str = "nearest") -> None:
        self.weights = weights
        self.before: Callable[[], None] = lambda: None  # a test may let something happen here

    chooses = False

    def choose(self, picture: object, scale: int) -> str:
        return self.weights

    def network_scale(self, scale: int) -> int:
        return self.scales[0] if scale == 1 else scale

    def hashes(self, scale: int) -> tuple[str, ...]:
        return (self.record(scale).sha256,)

    def record(self, scale: int, name: str | None = None) -> Record:
        name = f"{self.weights}-{scale}"
        return Record(
            name=name, **JCARSRConfig(scale=4 if scale == 4 else 2).describe(), sha256=name
        )

    def restorer(self, scale: int, name: str | None = None) -> NetworkRestorer:
        self.before()
        return NetworkRestorer(Nearest(scale, self.weights == "mirror"), 320)

    def gradient(self, scale: int, name: str | None = None) -> NetworkRestorer:
        return NetworkRestorer(Nearest(2, self.weights == "mirror"), 320)


@pytest.fixture
def networks() -> NearestNetworks:
    return NearestNetworks()


@pytest.fixture
def pixels() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.fixture
def job(tmp_path: Path, pixels: Pixels) -> FileJob:
    Image.fromarray(pixels).save(tmp_path / "a.png", dpi=(150, 150))
    return FileJob(tmp_path / "a.png", tmp_path / "out" / "a_x2.png")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "out") as ledger:
        yield ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    (root / "deep" / "er").mkdir(parents=True)
    for name in ("a.jpg", "b.png", "deep/er/c.webp", "notes.txt"):
        (root / name).write_bytes(b"picture")
    return root
