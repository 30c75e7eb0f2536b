"""A picture to show, of a test set or a file, with its degraded small version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jcarsr.data.catalog import pictures_of
from jcarsr.data.sources import SourcePicture
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.evaluation.run import read_hr
from jcarsr.experiments.jobs import Scoring
from jcarsr.jpeg.decoded import Decoded
from jcarsr.metrics.protocol import EvalProtocol
from jcarsr.pixels import Pixels


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A picture and its degraded small version."""

    name: str
    set: str | None
    """None = it is of none."""
    scale: int
    qf: int
    hr: Pixels
    lq: Decoded

    @property
    def title(self) -> str:
        """Which picture, and what was done to it: Urban100 img_012, x2, QF 10."""
        name = f"{self.set} {self.name}" if self.set else self.name
        return f"{name}, x{self.scale}, QF {self.qf}"

    def score(self, sr: Pixels) -> str:
        """PSNR and SSIM of a restored version, as tables have them: 23.36 dB / 0.6539."""
        psnr, ssim = EvalProtocol(border=self.scale).score(sr, self.hr)
        return f"{psnr:.2f} dB / {ssim:.4f}"


def load_sample(job: Scoring, name: str) -> Sample | None:
    """A picture of the job's set, degraded as the job says.

    Args:
        job: of the set.
        name: the picture's file without or with its suffix, or its path in the set.

    Returns:
        None if the set has no such picture.

    Raises:
        DataError: it cannot be read, or is too small to be scored.
    """
    for entry in pictures_of(job.set.folder):
        path = Path(entry.name_in(job.set.folder))
        if name in (path.stem, path.name, path.as_posix()):
            return _degrade(job, path.stem, entry, set=job.set.name)
    return None


def load_file(job: Scoring, path: Path) -> Sample:
    """A picture of no set, degraded as the job says.

    Raises:
        DataError: it cannot be read, or is too small to be scored.
    """
    return _degrade(job, path.stem, SourcePicture(str(path), path), set=None)


def picture_names(job: Scoring) -> list[str]:
    """What the pictures of the job's set are called: their files' names without suffix.

    Raises:
        DataError: the set cannot be listed.
    """
    return [Path(entry.name).stem for entry in pictures_of(job.set.folder)]


def load_samples(job: Scoring) -> list[Sample]:
    """All pictures of the job's set, degraded as the job says.

    Raises:
        DataError: one cannot be read, or is too small to be scored.
    """
    entries = pictures_of(job.set.folder)
    return [_degrade(job, Path(entry.name).stem, entry, set=job.set.name) for entry in entries]


def _degrade(job: Scoring, name: str, entry: SourcePicture, *, set: str | None) -> Sample:
    """A picture as evaluation degrades it."""
    hr = read_hr(entry, job.scale)
    lr = low_resolution(hr, job.scale)
    lq = Decoded(pixels=job.history(hr, lr), last_save=job.history.last_save)
    return Sample(name=name, set=set, scale=job.scale, qf=job.qf, hr=hr, lq=lq)
