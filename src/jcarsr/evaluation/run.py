"""Restorers x degradation histories on one set -> rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

from jcarsr.data.catalog import pictures_of
from jcarsr.degradation.history import History
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.errors import DataError
from jcarsr.evaluation.rows import Row
from jcarsr.inference.restorer import Enlarger
from jcarsr.metrics.protocol import EvalProtocol, Score
from jcarsr.pixels import Pixels, crop_to_multiple


@dataclass(frozen=True)
class Contestant:
    """A restorer to be measured."""

    name: str
    restorer: Enlarger
    sha256: str | None = None  # of its weights' tensors
    library: str = "numpy"  # the package that computes it


def evaluate(
    contestants: Sequence[Contestant],
    folder: Path,
    *,
    scale: int,
    histories: Sequence[History],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Row]:
    """Score every contestant on every picture of `folder`, one row as soon as it is complete.

    Every hr is cut to a multiple of `scale`, shrunk by MATLAB's bicubic in float64, goes through
    the history, is restored, and compared under EvalProtocol(border=scale).

    Raises:
        DataError: the folder or a picture cannot be used.
        ValueError: a contestant enlarges by another scale, or a history shrinks by more than it.
    """
    for contestant in contestants:
        if contestant.restorer.scale != scale:
            own = contestant.restorer.scale
            raise ValueError(f"{contestant.name} enlarges by {own}, not by {scale}")
    entries = pictures_of(folder)
    protocol = EvalProtocol(border=scale)
    steps = len(entries) * (1 + len(histories) * len(contestants))
    done = 0
    pairs: dict[str, tuple[Pixels, Pixels]] = {}
    for entry in entries:
        hr = crop_to_multiple(entry.pixels(), scale)
        if min(hr.shape[:2]) < 11 + 2 * scale:
            raise DataError(f"{entry.name}: {hr.shape[1]}x{hr.shape[0]} is too small to be scored")
        pairs[Path(entry.name.split(":")[-1]).stem] = hr, low_resolution(hr, scale)
        done += 1
        on_progress(done, steps)
    for history in histories:
        lqs = {name: history(hr, lr) for name, (hr, lr) in pairs.items()}
        for contestant in contestants:
            scores: dict[str, Score] = {}
            for name, (hr, _) in pairs.items():
                scores[name] = protocol.score(contestant.restorer.restore(lqs[name]), hr)
                done += 1
                on_progress(done, steps)
            yield Row(
                set=folder.name,
                scale=scale,
                history=str(history),
                restorer=contestant.name,
                sha256=contestant.sha256,
                psnr=round(fmean(score.psnr for score in scores.values()), 4),
                ssim=round(fmean(score.ssim for score in scores.values()), 5),
                images={n: (round(s.psnr, 4), round(s.ssim, 5)) for n, s in scores.items()},
                protocol=protocol.as_dict(),
                codec=history.codec_version(),
                versions={n: version(n) for n in ("jcarsr", "numpy", contestant.library)},
            )
