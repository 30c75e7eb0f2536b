"""What a figure is drawn from: trained weights, rows and test sets of a folder of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jcarsr.data.catalog import pictures_of
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import DataError
from jcarsr.evaluation.rows import Row
from jcarsr.experiments.agenda import scorings
from jcarsr.experiments.jobs import Conditions, GivenWeights, PictureSet, Scoring
from jcarsr.experiments.plan import ExperimentPlan
from jcarsr.experiments.score import make_method
from jcarsr.experiments.store import ResultStore
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.method import Method
from jcarsr.pixels import Pixels, crop_to_multiple
from jcarsr.protocols import Device


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A test picture and its degraded small version."""

    name: str
    hr: Pixels
    lq: Decoded


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where figures find what they show; `missing` receives why something is left out."""

    store: ResultStore
    conditions: Conditions
    sets: Mapping[str, PictureSet]
    given: Mapping[str, GivenWeights]
    pictures: Sequence[Path]
    """Real ones, for Figure 9."""
    picture: str | None
    """Of a set; None = where methods differ most."""
    device: Device
    missing: Callable[[str], None]

    @property
    def options(self) -> EngineOptions:
        """How networks are run."""
        return EngineOptions(device=self.device, precision="float32")

    def jobs(self, plan: ExperimentPlan, scale: int, sets: Sequence[str]) -> dict[str, Scoring]:
        """Label -> the scoring of seed 0 on the first of the sets that is there.

        Raises:
            DataError: none of the sets is there.
        """
        name = next((name for name in sets if name in self.sets), None)
        if name is None:
            raise DataError(f"none of {', '.join(sets)} is there")
        found = {name: self.sets[name]}
        jobs: dict[str, Scoring] = {}
        for contestant in plan.contestants:
            own = scorings(plan, contestant, self.conditions, scale, 0, found, self.given)
            jobs[contestant.label] = next(iter(own))
        return jobs

    def methods(self, jobs: Mapping[str, Scoring]) -> dict[str, Method]:
        """Label -> what restores, of those whose weights are there.

        Raises:
            DataError: there are none.
        """
        found: dict[str, Method] = {}
        for label, job in jobs.items():
            untrained = [t.name for t in job.trainings if not self.store.record(t)]
            if untrained:
                self.missing(f"{label}: {untrained[0]} is not trained")
                continue
            found[label] = make_method(job, self.store, self.options)
        if not found:
            raise DataError(f"{self.store.folder}: no network of this figure is trained")
        return found

    def rows(self, jobs: Mapping[str, Scoring]) -> dict[str, Row]:
        """Label -> row, of those that are stored."""
        rows = {label: self.store.row(job) for label, job in jobs.items()}
        return {label: row for label, row in rows.items() if row}


def choose_picture(rows: Mapping[str, Row], asked: str | None) -> str:
    """The picture asked for, or that on which the methods' PSNR differ most.

    Raises:
        DataError: there are no rows, or the picture is not in them.
    """
    common = set[str]().union(*(row.images for row in rows.values()))
    common = {name for name in common if all(name in row.images for row in rows.values())}
    if asked is not None and asked in common:
        return asked
    if asked is not None or not common:
        raise DataError(f"{asked or 'a picture'}: is not among the scored pictures")

    def gap(name: str) -> float:
        values = [row.images[name][0] for row in rows.values()]
        return max(values) - min(values)

    return max(sorted(common), key=gap)


def load_sample(job: Scoring, name: str) -> Sample:
    """A picture of the job's set, degraded as the job says.

    Raises:
        DataError: it is not there or cannot be read.
    """
    for entry in pictures_of(job.set.folder):
        if Path(entry.name.split(":")[-1]).stem == name:
            return degrade_sample(job, name, entry.pixels())
    raise DataError(f"{job.set.folder}: no picture {name}")


def load_samples(job: Scoring) -> list[Sample]:
    """All pictures of the job's set, degraded as the job says.

    Raises:
        DataError: one cannot be read.
    """
    return [
        degrade_sample(job, Path(entry.name).stem, entry.pixels())
        for entry in pictures_of(job.set.folder)
    ]


def degrade_sample(job: Scoring, name: str, pixels: Pixels) -> Sample:
    """A picture as evaluation degrades it."""
    hr = crop_to_multiple(pixels, job.scale)
    lr = low_resolution(hr, job.scale)
    lq = Decoded(pixels=job.history(hr, lr), last_save=job.history.last_save)
    return Sample(name=name, hr=hr, lq=lq)
