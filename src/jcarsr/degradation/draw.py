"""Seeded distributions of degradation histories: what training pictures go through."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

from jcarsr.degradation.history import History
from jcarsr.degradation.steps import (
    Encoder,
    Filter,
    Jpeg,
    Modern,
    Photoshop,
    PhotoshopPreset,
    Png,
    Resize,
    Sharpen,
    Shift,
    Step,
)
from jcarsr.jpeg.codec import Subsampling


class Distribution(Protocol):
    """Draws the histories of one picture; the seed alone decides which."""

    @property
    def versions(self) -> int:
        """How many histories `draw` gives."""
        ...

    @property
    def random(self) -> bool:
        """Whether the seed decides anything."""
        ...

    def draw(self, scale: int, seed: int | str) -> tuple[History, ...]:
        """`versions` histories for a picture that is shrunk by `scale`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Once:
    """Saved once, at every one of `qfs`: the paper's degradation (section 3.1).

    Raises:
        ValueError: a quality or the share is out of range; the message quotes it.
    """

    qfs: tuple[int, ...]
    """Quality factors, one version each."""
    share_444: float
    """Probability that a JPEG keeps full chroma, in [0, 1]; the others are 4:2:0."""

    def __post_init__(self) -> None:
        if not self.qfs or not all(1 <= qf <= 100 for qf in self.qfs):
            raise ValueError(f"qfs must be quality factors from 1 to 100, got {self.qfs!r}")
        if not 0 <= self.share_444 <= 1:
            raise ValueError(f"share_444 must be in [0, 1], got {self.share_444!r}")

    @property
    def versions(self) -> int:
        """One for each quality factor."""
        return len(self.qfs)

    @property
    def random(self) -> bool:
        """Whether some keep full chroma and some do not."""
        return 0 < self.share_444 < 1

    def draw(self, scale: int, seed: int | str) -> tuple[History, ...]:
        """One save for each quality factor, in their order; the seed decides their chroma."""
        del scale
        rng = random.Random(seed)
        return tuple(
            History(
                (Jpeg(qf=qf, subsampling="4:4:4" if rng.random() < self.share_444 else "4:2:0"),)
            )
            for qf in self.qfs
        )


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Nothing is drawn: every picture comes with a degraded version of its own."""

    @property
    def versions(self) -> int:
        """One."""
        return 1

    @property
    def random(self) -> bool:
        """No."""
        return False


@dataclass(frozen=True, kw_only=True)
class Clean:
    """Not degraded but shrunk: what a network learns from that enlarges clean pictures."""

    @property
    def versions(self) -> int:
        """One."""
        return 1

    @property
    def random(self) -> bool:
        """No."""
        return False

    def draw(self, scale: int, seed: int | str) -> tuple[History, ...]:
        """A save without loss."""
        del scale, seed
        return (History((Png(),)),)


@dataclass(frozen=True, kw_only=True)
class Web:
    """Saved once, twice or three times, as small pictures from the web are.

    A part of the versions is `Once`; the others are saved by different programs at different
    places on their block grids, some are shrunk or sharpened between two saves.

    Raises:
        ValueError: `repeated` is less than 1.
    """

    once: Once
    """Its versions come first."""
    repeated: int
    """Versions saved more than once, or at an unknown place on the grid."""

    def __post_init__(self) -> None:
        if self.repeated < 1:
            raise ValueError(f"repeated must be at least 1, got {self.repeated!r}")

    @property
    def versions(self) -> int:
        """Those saved once and the others."""
        return self.once.versions + self.repeated

    @property
    def random(self) -> bool:
        """Yes."""
        return True

    def draw(self, scale: int, seed: int | str) -> tuple[History, ...]:
        """Histories in the order of the fields."""
        rng = random.Random(f"web:{seed}")
        others = tuple(_draw_repeated(rng, scale) for _ in range(self.repeated))
        return self.once.draw(scale, seed) + others


def _draw_repeated(rng: random.Random, scale: int) -> History:
    """One or two hard saves on unknown grids, perhaps a resize, and a milder last save."""
    steps: list[Step] = [_hard(rng)]
    room = float(scale)
    if rng.random() < 0.2:
        steps.append(_save(rng, 40, 90))
    if rng.random() < 0.25:
        ratio = round(rng.uniform(max(0.5, 1 / room) + 0.01, 1.2), 2)
        names: tuple[Filter, ...] = ("box", "bilinear", "bicubic", "lanczos")
        steps.insert(
            rng.randrange(1, len(steps) + 1), Resize(ratio=ratio, filter=rng.choice(names))
        )
    if rng.random() < 0.08:
        steps.append(Sharpen(percent=rng.randint(20, 80)))
    last = rng.random()
    if last < 0.8:
        steps.append(_jpeg(rng, rng.randint(60, 98), (0, 0)))
    elif last < 0.85:
        steps.append(Modern(format="webp", quality=rng.randint(60, 95)))
    else:
        steps.append(Png())
    return History(tuple(steps))


def _hard(rng: random.Random) -> Step:
    return _save(rng, 8, 70)


def _save(rng: random.Random, low: int, high: int) -> Step:
    """An earlier save: a JPEG of quality `low` to `high` mostly, at any place on its grid."""
    same_grid = rng.random() < 0.2
    shift: Shift = (0, 0) if same_grid else (rng.randrange(16), rng.randrange(16))
    kind = rng.random()
    if kind < 0.1:
        return Modern(format="webp", quality=rng.randint(max(low, 15), high), shift=shift)
    if kind < 0.12:
        return Modern(format="avif", quality=rng.randint(max(low, 25), high), shift=shift)
    if kind < 0.18:
        presets: tuple[PhotoshopPreset, ...] = ("web_low", "web_medium", "low", "medium")
        return Photoshop(preset=rng.choice(presets), shift=shift)
    return _jpeg(rng, rng.randint(low, high), shift)


def _jpeg(rng: random.Random, qf: int, shift: Shift) -> Jpeg:
    chroma: tuple[Subsampling, ...] = ("4:2:0", "4:4:4", "4:2:2")
    encoders: tuple[Encoder, ...] = ("libjpeg", "mozjpeg")
    return Jpeg(
        qf=qf,
        subsampling=rng.choices(chroma, (75, 20, 5))[0],
        tables=rng.choices(encoders, (88, 12))[0],
        shift=shift,
    )
