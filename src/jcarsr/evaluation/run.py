"""Methods x degradation histories on one set -> rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path, PurePath
from statistics import fmean

from jcarsr.data.catalog import pictures_of
from jcarsr.data.sources import SourcePicture
from jcarsr.degradation.history import History
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.errors import DataError
from jcarsr.evaluation.rows import Row
from jcarsr.evaluation.set_names import set_names
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.method import Method
from jcarsr.metrics.niqe import has_two_blocks, niqe
from jcarsr.metrics.protocol import EvalProtocol, Score
from jcarsr.pixels import Pixels, crop_to_multiple
from jcarsr.progress import OnProgress, ignore_progress


def evaluate(
    methods: Sequence[Method],
    folder: Path,
    *,
    scale: int,
    histories: Sequence[History],
    with_niqe: bool = False,
    name: str | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Iterator[Row]:
    """Score every method on every picture of `folder`, one row as soon as it is complete.

    Every hr is cut to a multiple of `scale`, shrunk by MATLAB's bicubic in float64, goes through
    the history, is restored, and compared under EvalProtocol(border=scale). `with_niqe` adds NIQE
    of the whole result; pictures too small for it do not count. `name` is the set's in the rows;
    None = the folder's.

    Raises:
        DataError: the folder or a picture cannot be used.
        ValueError: a method enlarges by another scale, or a history shrinks by more than it.
    """
    for method in methods:
        if method.scale != scale:
            raise ValueError(f"{method.name} enlarges by {method.scale}, not by {scale}")
    entries = pictures_of(folder)
    protocol = EvalProtocol(border=scale)
    steps = len(entries) * (1 + len(histories) * len(methods))
    done = 0
    pairs: dict[str, tuple[Pixels, Pixels]] = {}
    for picture, entry in zip(_names(entries, folder), entries, strict=True):
        hr = read_hr(entry, scale)
        pairs[picture] = hr, low_resolution(hr, scale)
        done += 1
        on_progress(done, steps)
    for history in histories:
        last = history.last_save
        lqs = {
            picture: Decoded(pixels=history(hr, lr), last_save=last)
            for picture, (hr, lr) in pairs.items()
        }
        for method in methods:
            scores: dict[str, Score] = {}
            niqes: list[float] = []
            for picture, (hr, _) in pairs.items():
                sr = method.restore(lqs[picture])
                scores[picture] = protocol.score(sr, hr)
                if with_niqe and has_two_blocks(*sr.shape[:2]):
                    niqes.append(niqe(sr))
                done += 1
                on_progress(done, steps)
            yield Row(
                set=name or set_names([folder])[0],
                scale=scale,
                history=str(history),
                restorer=method.name,
                sha256=method.sha256,
                psnr=_mean([score.psnr for score in scores.values()]),
                ssim=round(fmean(score.ssim for score in scores.values()), 5),
                images={n: (round(s.psnr, 4), round(s.ssim, 5)) for n, s in scores.items()},
                protocol=protocol.as_dict(),
                codec=history.codec_version(),
                versions={n: version(n) for n in ("jcarsr", "numpy", method.library)},
                niqe=round(fmean(niqes), 4) if niqes else None,
            )


def read_hr(entry: SourcePicture, scale: int) -> Pixels:
    """A picture of a test set, cut to a multiple of `scale`.

    Raises:
        DataError: it cannot be read, or is too small to be scored.
    """
    hr = crop_to_multiple(entry.pixels(), scale)
    if min(hr.shape[:2]) < 11 + 2 * scale:
        raise DataError(f"{entry.name}: {hr.shape[1]}x{hr.shape[0]} is too small to be scored")
    return hr


def _mean(decibels: Sequence[float]) -> float:
    """The mean of those that are not inf, by one of which it would be inf; inf if all are."""
    finite = [value for value in decibels if math.isfinite(value)]
    return round(fmean(finite), 4) if finite else math.inf


def _names(entries: Sequence[SourcePicture], folder: Path) -> list[str]:
    """What rows call the pictures: their files' names without suffix, paths where two have one."""
    paths = [entry.name_in(folder) for entry in entries]
    stems = [PurePath(path).stem for path in paths]
    return stems if len(set(stems)) == len(stems) else paths
