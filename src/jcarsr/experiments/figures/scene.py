"""What a figure is drawn from: trained weights, rows and test sets of a folder of results."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import DataError
from jcarsr.evaluation.rows import Row
from jcarsr.experiments.agenda import scorings
from jcarsr.experiments.figures.sample import Sample, load_file, load_sample, picture_names
from jcarsr.experiments.jobs import Conditions, GivenWeights, PictureSet, Scoring
from jcarsr.experiments.plan import ExperimentPlan
from jcarsr.experiments.score import make_method
from jcarsr.experiments.store import ResultStore
from jcarsr.methods.memory import Memory
from jcarsr.methods.method import Method
from jcarsr.protocols import Device

SETS = ("Urban100", "B100", "Set14", "Set5", "Manga109")
"""Where a picture to show is looked for, in this order."""


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """A line of a table whose weights are there."""

    table: str
    """table1."""
    method: Method
    jobs: Mapping[str, Scoring]
    """Set -> its scoring with seed 0."""

    @property
    def job(self) -> Scoring:
        """One of them, where the set does not matter."""
        return next(iter(self.jobs.values()))


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
    """Of a set, or a file's path; None = where methods differ most."""
    device: Device
    missing: Callable[[str], None]

    @property
    def options(self) -> EngineOptions:
        """How trained networks are run, all by the same engine."""
        return EngineOptions(engine="torch", device=self.device, precision="float32")

    def entrants(self, plans: Mapping[str, ExperimentPlan], scale: int) -> dict[str, Entrant]:
        """Label -> a line of the plans whose weights are there; the others are reported.

        Args:
            plans: what stands before the labels of its lines -> table. The same line of two
                tables is there once, as of the first.
            scale: one that the plans have.

        Raises:
            DataError: there is none.
        """
        found: dict[str, Entrant] = {}
        lacking: dict[str, list[str]] = {}
        hashes: set[str] = set()
        memory = Memory()
        for mark, plan in plans.items():
            for contestant in plan.lines(self.conditions.size):
                own = scorings(plan, contestant, self.conditions, scale, 0, self.sets, self.given)
                jobs = {job.set.name: job for job in own}
                if not jobs or hashes & {job.hash for job in jobs.values()}:
                    continue
                hashes |= {job.hash for job in jobs.values()}
                first = next(iter(jobs.values()))
                if all(self.store.record(training) for training in first.trainings):
                    method = make_method(first, self.store, self.options, memory)
                    label = mark + contestant.label
                    found[label] = Entrant(table=plan.name, method=method, jobs=jobs)
                else:
                    lacking.setdefault(plan.name, []).append(contestant.label)
        if not found:
            own = self.conditions
            raise DataError(
                f"{self.store.folder}: no network of size {own.size}, {own.budget} in "
                f"{own.precision}, is trained for this figure: {self.advise(lacking)}"
            )
        for table, labels in lacking.items():
            self.missing(f"{', '.join(labels)}: not trained: {self.advise([table])}")
        return found

    def title(self, entrants: Mapping[str, Entrant]) -> str:
        """Which networks are shown."""
        own, given = self.conditions, f"weights given for {', '.join(self.given)}"
        text = f"Networks of size {own.size}, {own.budget} each in {own.precision}, seed 0"
        if not self.given:
            return text
        jobs = (job for entrant in entrants.values() for job in entrant.jobs.values())
        if any(job.trainings for job in jobs):
            return f"{text}, but {given}"
        return given.capitalize()

    def advise(self, tables: Iterable[str]) -> str:
        """Say which commands make what is missing of some tables."""
        commands = ", ".join(f"`jcarsr experiment {table}`" for table in dict.fromkeys(tables))
        but = " but --known, with which nothing is trained" if self.store.known else ""
        return f"run {commands} with the same options{but}"

    def rows(self, entrants: Mapping[str, Entrant], set: str) -> dict[str, Row]:
        """Label -> row of a set, of those that are stored."""
        jobs = {label: entrant.jobs.get(set) for label, entrant in entrants.items()}
        rows = {label: job and self.store.row(job) for label, job in jobs.items()}
        return {label: row for label, row in rows.items() if row}

    def sample(self, entrants: Mapping[str, Entrant]) -> Sample:
        """The picture asked for, or that on which the methods' PSNR differ most.

        It is looked for in SETS; without one asked for, in the first of those on which the most
        methods are scored. One asked for that is in none of them is a file's path.

        Raises:
            DataError: it is neither in a set that is there nor a file, or is a file that cannot be
                used, or nothing is scored.
        """
        some = next(iter(entrants.values()))
        there = [name for name in SETS if name in some.jobs]
        if self.picture is not None:
            for name in there:
                if sample := load_sample(some.jobs[name], self.picture):
                    return sample
            if (path := Path(self.picture)).is_file():
                return load_file(some.job, path)
            names = [name for set in there for name in picture_names(some.jobs[set])]
            near = difflib.get_close_matches(self.picture, names, 1, 0.5)
            hint = f"; {near[0]} is" if near else ""
            where = ", ".join(there)
            raise DataError(f"--picture {self.picture}: is no file and not in {where}{hint}")
        rows = {name: self.rows(entrants, name) for name in there}
        name = max(there, key=lambda name: len(rows[name]))
        picture = widest_gap(rows[name])
        if picture is None:
            raise DataError(
                f"{self.store.folder}: nothing of this figure is scored on {', '.join(there)}: "
                f"{self.advise(own.table for own in entrants.values())}, or name a --picture"
            )
        sample = load_sample(some.jobs[name], picture)
        if sample is None:
            raise DataError(f"{some.jobs[name].set.folder}: no picture {picture}, which rows name")
        return sample


def widest_gap(rows: Mapping[str, Row]) -> str | None:
    """The picture on which the methods' PSNR differ most; None = all rows have none in common."""
    images = [row.images for row in rows.values()]
    common = [name for name in images[0] if all(name in own for own in images)] if images else []

    def gap(name: str) -> float:
        values = [own[name][0] for own in images]
        return max(values) - min(values)

    return max(sorted(common), key=gap, default=None)
