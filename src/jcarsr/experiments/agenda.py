"""Plans and conditions -> the jobs, in the order in which they are done. Imports no PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jcarsr.data.catalog import pictures_of
from jcarsr.errors import DataError
from jcarsr.experiments.jobs import (
    GIVEN,
    Conditions,
    GivenWeights,
    PictureSet,
    Scoring,
    Training,
    WeightsSource,
    identity_of,
)
from jcarsr.experiments.plan import Contestant, ExperimentPlan, PlannedNetwork
from jcarsr.experiments.store import ResultStore


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """All jobs of a run of the command, and why some lines and columns will stay empty."""

    scorings: tuple[Scoring, ...]
    """Seed by seed, so that any stop leaves the first seeds whole."""
    missing_sets: Mapping[str, str]
    """name -> why."""

    @property
    def trainings(self) -> list[Training]:
        """Every training once, in their order."""
        jobs = {job.hash: job for scoring in self.scorings for job in scoring.trainings}
        return list(jobs.values())

    def trainings_left(self, store: ResultStore) -> list[Training]:
        """Those that are not finished and that a score which is not stored needs."""
        left = [scoring for scoring in self.scorings if not store.row(scoring)]
        jobs = {job.hash: job for scoring in left for job in scoring.trainings}
        return [job for job in jobs.values() if not store.record(job)]

    def jobs_left(self, store: ResultStore) -> list[Training | Scoring]:
        """All that is to be done."""
        scorings = [scoring for scoring in self.scorings if not store.row(scoring)]
        return [*self.trainings_left(store), *scorings]


def make_agenda(
    plans: Sequence[ExperimentPlan],
    conditions: Conditions,
    *,
    seeds: int,
    sets: Sequence[Path],
    given: Mapping[str, GivenWeights] | None = None,
) -> Agenda:
    """The jobs of all plans, those that tables share once.

    Args:
        plans: the tables.
        conditions: of all trainings.
        seeds: how many; 0, 1 and so on are taken.
        sets: folders of a test set, or folders that hold such folders.
        given: preset -> weights that take the place of its training.

    Raises:
        DataError: one of `sets` is not there, or none of the plans' test sets is.
        ValueError: no seeds, no line of this size, a preset that there is not, or weights given
            for what no plan needs.
    """
    if seeds < 1:
        raise ValueError(f"--seeds {seeds}: at least 1")
    for plan in plans:
        if not plan.lines(conditions.size):
            raise ValueError(f"{plan.name}: none of these lines is of the size {conditions.size}")
    given = given or {}
    check_given(plans, conditions, given)
    names = list(dict.fromkeys(name for plan in plans for name in plan.sets))
    found, missing = find_sets(names, sets)
    jobs: dict[str, Scoring] = {}
    for seed in range(seeds):
        for plan in plans:
            for scale in plan.scales:
                for contestant in plan.lines(conditions.size):
                    for job in scorings(plan, contestant, conditions, scale, seed, found, given):
                        jobs.setdefault(job.hash, job)
    return Agenda(scorings=tuple(jobs.values()), missing_sets=missing)


def scorings(
    plan: ExperimentPlan,
    contestant: Contestant,
    conditions: Conditions,
    scale: int,
    seed: int,
    sets: Mapping[str, PictureSet],
    given: Mapping[str, GivenWeights],
) -> Iterable[Scoring]:
    """The scorings of one contestant with one seed, on the sets that are there.

    Args:
        plan: its table.
        contestant: a line of it.
        conditions: of its trainings.
        scale: one of the plan's.
        seed: of its trainings.
        sets: name -> set.
        given: preset -> weights that take the place of its training.

    Raises:
        ValueError: no such preset.
    """

    def source(part: PlannedNetwork | str) -> WeightsSource | str:
        if isinstance(part, str):
            return part
        preset = part.preset(conditions.size, scale)
        return given.get(preset) or conditions.training(part, scale, plan.qfs, seed)

    def mark(preset: str) -> str:
        return f"{GIVEN}{given[preset].hash}" if preset in given else ""

    parts = tuple(source(part) for part in contestant.parts)
    trained = any(isinstance(part, Training) for part in parts)
    for name in plan.sets:
        for qf in plan.qfs if name in sets else ():
            yield Scoring(
                method=contestant.key(conditions.size, scale, plan.qfs, mark),
                parts=parts,
                scale=scale,
                qf=qf,
                set=sets[name],
                seed=seed if trained else 0,
            )


def check_given(
    plans: Sequence[ExperimentPlan],
    conditions: Conditions,
    given: Iterable[str],
    also: Sequence[str] = (),
) -> None:
    """Raise a ValueError if weights are given for a preset that no plan trains, and not `also`."""
    known = {
        network.preset(conditions.size, scale): None
        for plan in plans
        for scale in plan.scales
        for contestant in plan.lines(conditions.size)
        for network in contestant.networks
    } | dict.fromkeys(also)
    for preset in given:
        if preset not in known:
            raise ValueError(f"--given {preset}: not of this experiment: {', '.join(known)}")


def find_sets(
    names: Sequence[str], folders: Sequence[Path]
) -> tuple[dict[str, PictureSet], dict[str, str]]:
    """(name -> set that is there, name -> why not).

    Raises:
        DataError: a folder is missing, or none of the sets is there.
    """
    found: dict[str, PictureSet] = {}
    missing: dict[str, str] = {}
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder")
    for name in names:
        places = [folder if folder.name == name else folder / name for folder in folders]
        for place in sorted(places, key=lambda path: not path.is_dir()):
            try:
                identity = identity_of(pictures_of(place))
            except DataError as error:
                missing.setdefault(name, str(error).removeprefix(f"{place}: "))
            else:
                found[name] = PictureSet(name=name, folder=place, identity=identity)
                missing.pop(name, None)
                break
    if not found:
        places = ", ".join(map(str, folders))
        there = [f"; {name}: {missing[name]}" for name in names if _is_in(name, folders)]
        raise DataError(f"{places}: none of {', '.join(names)} is there{''.join(there)}")
    return found, missing


def _is_in(name: str, folders: Sequence[Path]) -> bool:
    """Whether there is a folder for a set, complete or not."""
    return any(folder.name == name or (folder / name).is_dir() for folder in folders)
