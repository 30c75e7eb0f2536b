"""What an experiment compares, as data. Imports no PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from jcarsr.evaluation.published import published_numbers
from jcarsr.loss_weights import LossWeights
from jcarsr.networks.catalog import PRESETS

Size: TypeAlias = Literal["lite", "paper"]
"""Networks of about 0.48 M parameters, trained with recipe compare, or the paper's with paper."""

CHAINED = " + "
"""Between the networks of a chain, in its key."""

TEST_SETS = ("Set5", "Set14", "Urban100", "B100", "Manga109")
"""The paper's, in the order of its tables."""


@dataclass(frozen=True, kw_only=True)
class PlannedNetwork:
    """A network that is trained for an experiment, or whose weights are given.

    Raises:
        ValueError: a preset that there is not; the message quotes it.
    """

    name: str
    """Of the preset at the paper's size; {scale} stands for the scale."""
    lite: str
    """Of the small preset."""
    clean: bool = False
    """Learns from clean small pictures instead of JPEGs."""
    losses: LossWeights = field(default_factory=LossWeights)
    lite_learning_rate: float | None = None
    """Of the small preset; None = the recipe's."""

    def preset(self, size: Size, scale: int) -> str:
        """The name of its preset.

        Raises:
            ValueError: there is none of this size and scale.
        """
        name = (self.lite if size == "lite" else self.name).format(scale=scale)
        if name not in PRESETS:
            raise ValueError(f"{name}: no such preset, of the size {size} at x{scale}")
        return name

    def key(self, size: Size, scale: int, qfs: tuple[int, ...]) -> str:
        """The preset and what is unusual about its training: the same for all seeds.

        Args:
            size: of the networks.
            scale: what the table enlarges by.
            qfs: that it is trained on, named unless it is 10 alone.
        """
        marks = "".join(
            f",{name}={value:g}"
            for name, value in vars(self.losses).items()
            if value != getattr(LossWeights(), name)
        )
        if self.clean:
            return f"{self.preset(size, scale)},clean{marks}"
        qualities = "" if qfs == (10,) else ",qf=" + "/".join(map(str, qfs))
        return f"{self.preset(size, scale)}{qualities}{marks}"


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A line of a table: a network, or several one after the other.

    A part of a chain may be a save within it, such as `jpeg100`.
    """

    label: str
    """The method's name in the paper's table."""
    parts: tuple[PlannedNetwork | str, ...]
    ours: bool = False
    """Not a line of the paper's table."""
    sizes: tuple[Size, ...] = ("lite", "paper")
    """Of the networks at which it is compared."""

    @property
    def networks(self) -> tuple[PlannedNetwork, ...]:
        """Those of its parts that have weights."""
        return tuple(part for part in self.parts if isinstance(part, PlannedNetwork))

    def key(
        self,
        size: Size,
        scale: int,
        qfs: tuple[int, ...],
        mark: Callable[[str], str] = lambda preset: "",
    ) -> str:
        """What is compared, without seed and budget; arguments as of `PlannedNetwork.key`.

        `mark`: preset -> what follows that network's key.
        """
        return CHAINED.join(
            part
            if isinstance(part, str)
            else part.key(size, scale, qfs) + mark(part.preset(size, scale))
            for part in self.parts
        )


@dataclass(frozen=True, kw_only=True)
class ExperimentPlan:
    """One of the paper's tables: which methods, at what scales and qualities, on which sets.

    Raises:
        ValueError: a label that is not in the paper's table and not marked as ours.
    """

    name: str
    """table5."""
    table: int | None
    """The paper's number; None = not of the paper."""
    title: str
    contestants: tuple[Contestant, ...]
    reference: str
    """Label of the line that the others are compared with."""
    scales: tuple[int, ...] = (2,)
    qfs: tuple[int, ...] = (10,)
    """Of training and of evaluation."""
    sets: tuple[str, ...] = TEST_SETS
    notes: tuple[str, ...] = ()
    """Sentences below the table."""

    def __post_init__(self) -> None:
        labels = [contestant.label for contestant in self.contestants]
        if self.reference not in labels or len(set(labels)) < len(labels):
            raise ValueError(f"{self.name}: labels must be different, with {self.reference!r}")
        known = {number.method for number in published_numbers() if number.table == self.table}
        for contestant in self.contestants:
            if not contestant.ours and contestant.label not in known:
                raise ValueError(
                    f"{self.name}: {contestant.label!r} is no method of the paper's table "
                    f"{self.table}, there are {', '.join(sorted(known)) or 'none'}"
                )

    def lines(self, size: Size) -> tuple[Contestant, ...]:
        """Those that are compared at a size of networks."""
        return tuple(one for one in self.contestants if size in one.sizes)

    def count_trainings(self, size: Size) -> int:
        """Networks that are trained for it with one seed, at all scales."""
        keys = {
            (network.key(size, scale, self.qfs), scale)
            for scale in self.scales
            for contestant in self.lines(size)
            for network in contestant.networks
        }
        return len(keys)

    def only(self, labels: tuple[str, ...]) -> ExperimentPlan:
        """The same with these lines alone; all of them if none is given.

        Raises:
            ValueError: a label that it does not have.
        """
        known = {contestant.label: contestant for contestant in self.contestants}
        for label in labels:
            if label not in known:
                raise ValueError(f"{label!r}: not a line of {self.name}: {', '.join(known)}")
        if not labels:
            return self
        kept = tuple(known[label] for label in known if label in labels)
        reference = self.reference if self.reference in labels else kept[0].label
        return replace(self, contestants=kept, reference=reference)


def jcarsr(variant: str = "", losses: LossWeights | None = None) -> PlannedNetwork:
    """JCARSR, or an ablation of it by the name in its preset."""
    middle = f"-{variant}" if variant else ""
    return PlannedNetwork(
        name=f"jcarsr{middle}-x{{scale}}",
        lite=f"jcarsr-lite{middle}-x{{scale}}",
        losses=losses or LossWeights(),
    )


def enlarger(name: str, *, clean: bool = False) -> PlannedNetwork:
    """A network of Table 1."""
    return PlannedNetwork(name=f"{name}-x{{scale}}", lite=f"{name}-lite-x{{scale}}", clean=clean)
