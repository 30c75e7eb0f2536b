"""Jobs: a network to train, a method to score on a set; each is known by a hash. No PyTorch.

The hash is of everything that decides the result, so tables share jobs and a second run of the
command finds what the first has done. What only moves the last bits, the device, is not in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

from jcarsr.data.sources import SourcePicture
from jcarsr.degradation.draw import Clean, Once
from jcarsr.degradation.history import History
from jcarsr.degradation.steps import Jpeg
from jcarsr.experiments.plan import PlannedNetwork, Size
from jcarsr.networks.catalog import ARCHITECTURES, PRESETS
from jcarsr.training.recipes import RECIPES, Recipe
from jcarsr.training.schedule import Halving, Schedule
from jcarsr.weights import Record

JobPrecision: TypeAlias = Literal["bfloat16", "float32"]
"""What auto stands for is decided before a job is hashed."""

GIVEN = ",given="
"""Stands before the hash of weights that were not trained, in a method's name."""

ENDLESS = 10**9
"""Steps of a run whose minutes end it."""

_REVISION = 2
"""Of training: raised when the same recipe leads to other weights, which then are not mixed.

2: the averaged weights of a short run hold nothing of its starting weights.
"""

RECIPE: dict[Size, str] = {"lite": "compare", "paper": "paper"}
"""Size of the networks -> recipe that trains them."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What every network is trained for: steps, or minutes in the loop.

    Raises:
        ValueError: not exactly one of the two, or not positive.
    """

    steps: int | None = None
    minutes: float | None = None
    machine: str = ""
    """The GPU of such minutes, in which another one does more or less; empty on a CPU."""

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("--steps, --minutes-per-model: give one of them")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"--steps {self.steps}: at least 1")
        if self.minutes is not None and not 0 < self.minutes < 10**6:
            raise ValueError(
                f"--minutes-per-model {self.minutes:g}: more than 0 and less than 1,000,000"
            )

    @property
    def counts_processor(self) -> bool:
        """Whether its minutes are those of the processor's work, not of the clock: on a CPU."""
        return self.minutes is not None and not self.machine

    def on(self, device: str, name: str) -> Budget:
        """The budget on a device, "cpu" or another, that is called so."""
        own = name if self.minutes is not None and device != "cpu" else ""
        return replace(self, machine=own)

    def __str__(self) -> str:
        if self.minutes is None:
            return f"{self.steps} step" + "s" * (self.steps != 1)
        place = f" on {self.machine}" if self.machine else ""
        return f"{self.minutes:g} minute{'s' * (self.minutes != 1)}{place}"


@dataclass(frozen=True, kw_only=True)
class Data:
    """The training pictures."""

    paths: tuple[Path, ...]
    entries: tuple[SourcePicture, ...]

    @cached_property
    def identity(self) -> str:
        """Names of the sources, and a hash of the list of their pictures."""
        names = ", ".join(path.name for path in self.paths)
        return f"{names} ({len(self.entries)} pictures, {identity_of(self.entries)})"


@dataclass(frozen=True, kw_only=True)
class Training:
    """A network to train."""

    recipe: Recipe
    budget: Budget
    precision: JobPrecision
    data: Data
    losses: dict[str, Any]
    """What is unusual of them, for the name."""

    @cached_property
    def hash(self) -> str:
        """Of everything that decides the weights."""
        preset = PRESETS[self.recipe.preset]
        recipe = asdict(self.recipe)
        del recipe["preset"]
        if not self.recipe.loss_weights.texture:  # as before there was such a field
            del recipe["loss_weights"]["texture"]
        decides = {
            "architecture": preset.architecture,
            "config": preset.config,
            "recipe": recipe,
            "budget": str(self.budget),
            "precision": self.precision,
            "data": identity_of(self.data.entries),
            "revision": _REVISION,
        }
        return hash_of(decides)

    @property
    def name(self) -> str:
        """Its folder's: what a reader knows it by, and the hash."""
        mark = "-clean" if isinstance(self.recipe.histories, Clean) else ""
        mark += "".join(f"-{name}" for name in self.losses)
        return f"{self.recipe.preset}{mark}-s{self.recipe.seed}-{self.hash}"

    @property
    def parameters(self) -> int:
        """How many the network has."""
        return _count_parameters(self.recipe.preset)

    def __str__(self) -> str:
        return f"train {self.name}"


@dataclass(frozen=True, kw_only=True)
class GivenWeights:
    """Weights that the user gives in place of a training."""

    preset: str
    path: Path
    """A weight file of ours."""
    record: Record

    @property
    def hash(self) -> str:
        """The tensors'."""
        return self.record.sha256[:12]

    @property
    def parameters(self) -> int:
        """How many the network has."""
        return _count_parameters(self.preset)


def _count_parameters(preset: str) -> int:
    return ARCHITECTURES[PRESETS[preset].architecture].parameters[preset]


WeightsSource: TypeAlias = Training | GivenWeights
"""Where a network's weights come from."""


@dataclass(frozen=True, kw_only=True)
class PictureSet:
    """A test set that is there."""

    name: str
    folder: Path
    identity: str
    """Hash of its list of pictures."""


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """A method to score on a set after one save."""

    method: str
    """The contestant's key."""
    parts: tuple[WeightsSource | str, ...]
    scale: int
    qf: int
    set: PictureSet
    seed: int
    """Of its trainings; 0 without any."""

    @cached_property
    def hash(self) -> str:
        """Of everything that decides the score."""
        parts = [part if isinstance(part, str) else part.hash for part in self.parts]
        return hash_of([parts, self.scale, str(self.history), self.set.name, self.set.identity])

    @property
    def history(self) -> History:
        """What the pictures go through."""
        return History((Jpeg(qf=self.qf),))

    @property
    def sources(self) -> list[WeightsSource]:
        """The weights that it needs."""
        return [part for part in self.parts if not isinstance(part, str)]

    @property
    def trainings(self) -> list[Training]:
        """Those of them that are trained."""
        return [source for source in self.sources if isinstance(source, Training)]

    def __str__(self) -> str:
        return f"score {self.method}, seed {self.seed}, {self.set.name} x{self.scale} QF {self.qf}"


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What all trainings of a run of the command share."""

    size: Size
    budget: Budget
    precision: JobPrecision
    data: Data

    def training(
        self, network: PlannedNetwork, scale: int, qfs: tuple[int, ...], seed: int
    ) -> Training:
        """The training of a network for a scale.

        Raises:
            ValueError: no such preset.
        """
        preset = network.preset(self.size, scale)
        budget = self.budget
        own = RECIPES[RECIPE[self.size]]
        rate = network.lite_learning_rate if self.size == "lite" else None
        recipe = replace(
            own,
            preset=preset,
            learning_rate=rate or own.learning_rate,
            schedule=_scale_schedule(own, budget),
            histories=Clean() if network.clean else Once(qfs=qfs, share_444=0.0),
            shrink=scale if PRESETS[preset].scale == 1 else None,
            loss_weights=network.losses,
            max_steps=ENDLESS if budget.steps is None else budget.steps,
            seed=seed,
        )
        losses = {k: v for k, v in asdict(network.losses).items() if k == "sr_gradient" and v}
        return Training(
            recipe=recipe, budget=budget, precision=self.precision, data=self.data, losses=losses
        )


def _scale_schedule(recipe: Recipe, budget: Budget) -> Schedule:
    """The recipe's schedule, its halvings at the same shares of a budget of steps."""
    schedule = recipe.schedule
    if budget.steps is None or not isinstance(schedule, Halving):
        return schedule
    return Halving(every=max(1, round(budget.steps * schedule.every / recipe.max_steps)))


def default_budget(size: Size) -> Budget:
    """The steps of the size's recipe."""
    return Budget(steps=RECIPES[RECIPE[size]].max_steps)


def identity_of(entries: Sequence[SourcePicture]) -> str:
    """A hash of the pictures' names and sizes in bytes, in their order, wherever they lie."""
    listed = [
        (Path(entry.name).name, entry.length or entry.path.stat().st_size) for entry in entries
    ]
    return hash_of(listed)


def hash_of(value: Any) -> str:
    """Twelve hexadecimal digits for a value that JSON can hold."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
