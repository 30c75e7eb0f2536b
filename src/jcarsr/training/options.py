"""A training run's options: where, on what device and how long."""

from __future__ import annotations

import math
import os
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
        ValueError: a name that would spoil a table of results, a time or size that is none, a
            device that is not there, or no folder can be `out`; the message quotes it.
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
    processor_minutes: bool = False
    """Minutes are of the processor's work on this run: what else the computer does costs nothing.

    For a CPU; the threads' mean where PyTorch has several.
    """
    resume: bool = False
    init: Sequence[str] = ()
    """Weights to start from, where names and shapes agree; the last wins."""
    device: Device = "auto"
    precision: TrainingPrecision = "auto"
    """Of products; auto: what is quick."""
    compile: bool | None = None
    """None = on a GPU only."""
    graph: bool = True
    """On one GPU of CUDA, run a step's forward and backward as one CUDA graph.

    Only for networks that are `capturable`.
    """
    log_every: int = 50
    """Steps."""
    validate_every: int = 1000
    """Steps."""
    checkpoint_minutes: float = 10.0
    """Between checkpoints; 0 = one after every step."""
    checkpoint_part_mb: float = 1024.0

    def __post_init__(self) -> None:
        if self.name is not None and not re.fullmatch(r"[\w.-]+", self.name):
            raise ValueError(f"name must be of letters, digits, - _ and ., got {self.name!r}")
        if bool(self.data) == (self.pairs is not None):
            raise ValueError("give either --data or --pairs")
        if self.pairs and self.validation:
            raise ValueError("validation does not go with pairs: some of the pairs are held out")
        minutes = self.max_minutes
        if minutes is not None and not 0 < minutes < math.inf:
            raise ValueError(f"max_minutes must be positive and finite, got {minutes!r}")
        if not 0 <= self.checkpoint_minutes < math.inf:
            raise ValueError(
                f"checkpoint_minutes must be at least 0 and finite, got {self.checkpoint_minutes!r}"
            )
        if not 0 < self.checkpoint_part_mb < math.inf:
            raise ValueError(
                f"checkpoint_part_mb must be positive and finite, got {self.checkpoint_part_mb!r}"
            )
        _refuse_no_folder(self.out)
        find_device(self.device)

    @property
    def bfloat16(self) -> bool:
        """Whether products are computed in bfloat16."""
        if self.precision == "auto":
            return supports_bfloat16(find_device(self.device))
        return self.precision == "bfloat16"


def _refuse_no_folder(out: Path) -> None:
    """Raise a ValueError unless `out` is a folder that can be written to, or can become one."""
    there = next(path for path in (out, *out.absolute().parents) if os.access(path, os.F_OK))
    if not there.is_dir():
        raise ValueError(f"out {out}: {there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f"out {out}: {there} cannot be written to")
