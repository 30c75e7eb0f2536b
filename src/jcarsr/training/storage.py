"""What a run leaves in its folder: checkpoints to resume from, and the averaged weights."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from jcarsr import weights
from jcarsr.devices import name_device
from jcarsr.errors import TrainingError
from jcarsr.training import checkpoint
from jcarsr.training.checkpoint import Start
from jcarsr.training.options import RunOptions
from jcarsr.training.recipes import Recipe
from jcarsr.training.state import TrainingState


@dataclass(kw_only=True)
class Storage:
    """Where one run is stored, and what its records say of it."""

    recipe: Recipe
    options: RunOptions
    identity: str
    """Of recipe and data; a checkpoint of another is refused."""
    former_identity: str
    """As earlier versions had it: read, never written."""
    pictures: int
    """Of this process."""
    start: Start
    """This one, until a checkpoint is loaded."""
    device: torch.device

    @property
    def weights_path(self) -> Path:
        """The averaged weights."""
        return self.options.out / "weights.safetensors"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.options.out / "checkpoints"

    def save_checkpoint(self, state: TrainingState) -> None:
        """Write a checkpoint, which replaces earlier ones.

        Raises:
            TrainingError: a parameter is not finite, or the folder cannot be written.
        """
        part_bytes = int(self.options.checkpoint_part_mb * 2**20)
        tensors = state.pack()
        with self._writing():
            checkpoint.save(
                self.checkpoints,
                tensors,
                state.progress,
                self.identity,
                self.start,
                part_bytes=part_bytes,
            )

    def save_weights(self, state: TrainingState, scores: Mapping[str, float]) -> None:
        """Write the averaged weights with their record.

        Raises:
            TrainingError: the folder cannot be written.
        """
        with self._writing():
            weights.write(self.weights_path, state.averaged_tensors(), self._record(state, scores))

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise TrainingError(f"{self.options.out}: cannot be written ({error})") from error

    def refuse_others(self) -> None:
        """Raise a TrainingError if the folder holds what another run could be resumed from."""
        checkpoint.refuse_others(self.checkpoints)

    def load(self, state: TrainingState) -> list[str]:
        """Bring `state` to the newest checkpoint, and take over how its run was started.

        Returns:
            notes on what is not as it was, or could not be compared; a line each.

        Raises:
            TrainingError: there is none, it is damaged, or it is of another recipe, other data or
                other weights to start from than the options give.
        """
        known = (self.identity, self.former_identity)
        found = checkpoint.load_latest(self.checkpoints, known)
        notes: list[str] = []
        if found.run != self.identity:
            notes.append(
                "note: the checkpoint is of an earlier version, which knew pictures in folders by "
                "their names alone: whether they are the same was not compared"
            )
        if found.start is not None:
            notes += self._differences(found.start)
            self.start = found.start
        state.unpack(found.tensors, found.progress)
        return notes

    def _differences(self, first: Start) -> list[str]:
        """Notes on what is unlike the run's first start; raises a TrainingError for its init."""
        if self.options.init and self.start.init != first.init:
            began = ", ".join(first.init) or "no weights"
            raise TrainingError(
                f"{self.options.out}: this run was started from {began}, not from "
                f"{', '.join(self.start.init)}; --resume needs no --init"
            )
        return [
            f"note: {name} {now}; the run was started with {before}, which its record says"
            for name, now, before in (
                ("processes", self.start.processes, first.processes),
                ("precision", self.start.precision, first.precision),
            )
            if now != before
        ]

    def _record(self, state: TrainingState, scores: Mapping[str, float]) -> weights.Record:
        return weights.Record(
            name=self.options.name or self.recipe.preset,
            **state.model.describe(),
            recipe=asdict(self.recipe),
            data=[path.name for path in self.options.pairs or self.options.data],
            training={
                "pictures": self.pictures,
                "steps": state.progress.step,
                "minutes": round(state.progress.seconds / 60, 1),
                "device": _name(self.device),
                "processes": self.start.processes,
                "precision": self.start.precision,
                "init": list(self.start.init),
            },
            scores={"validation": {name: _or_null(score) for name, score in scores.items()}},
        )


def _name(device: torch.device) -> str:
    """What a device is called: a run has one GPU of several, but the computer one CPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return name_device("mps" if device.type == "mps" else "cpu")


def _or_null(score: float) -> float | None:
    """None for the infinite PSNR of pictures that are restored without an error: no JSON has it."""
    return score if math.isfinite(score) else None
