"""A training run's options: where, on what device and how long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jcarsr.devices import find_device, supports_bfloat16
from jcarsr.protocols import Device, TrainingPrecision


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Where and how long a recipe is trained: nothing here changes what a step learns.

    Raises:
        ValueError: a name that would spoil a table of results, or a device that is not there; the
            message quotes it.
    """

    out: Path
    data: Sequence[Path] = ()
    """Folders and tar shards of pictures."""
    pairs: tuple[Path, Path] | None = None
    """Instead: degraded pictures, and their originals."""
    name: str | None = None
    """Of the weights: letters, digits, - _ .; None = the preset's."""
    validation: Sequence[Path] = ()
    """Empty = some training pictures are held out."""
    max_minutes: float | None = None
    """In the loop, over all resumptions; None = steps alone count."""
    resume: bool = False
    init: Sequence[str] = ()
    """Weights to start from, where names and shapes agree; the last wins."""
    device: Device = "auto"
    precision: TrainingPrecision = "auto"
    """Of products; auto: what is quick."""
    compile: bool | None = None
    """None = on a GPU only."""
    log_every: int = 50
    """Steps."""
    validate_every: int = 1000
    """Steps."""
    checkpoint_minutes: float = 10.0
    checkpoint_part_mb: float = 1024.0

    def __post_init__(self) -> None:
        if self.name is not None and not re.fullmatch(r"[\w.-]+", self.name):
            raise ValueError(f"name must be of letters, digits, - _ and ., got {self.name!r}")
        if bool(self.data) == (self.pairs is not None):
            raise ValueError("give either --data or --pairs")
        if self.pairs and self.validation:
            raise ValueError("validation does not go with pairs: some of the pairs are held out")
        find_device(self.device)

    @property
    def bfloat16(self) -> bool:
        """Whether products are computed in bfloat16."""
        if self.precision == "auto":
            return supports_bfloat16(find_device(self.device))
        return self.precision == "bfloat16"
