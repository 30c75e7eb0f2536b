"""What a run leaves in its folder: checkpoints to resume from, and the averaged weights."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from jcarsr import weights
from jcarsr.errors import TrainingError
from jcarsr.training import checkpoint
from jcarsr.training.options import RunOptions
from jcarsr.training.recipes import Recipe
from jcarsr.training.state import TrainingState


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Where one run is stored, and what its records say of it."""

    recipe: Recipe
    options: RunOptions
    identity: str
    """Of recipe and data; a checkpoint of another is refused."""
    pictures: int
    """Of this process."""
    processes: int
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
                self.checkpoints, tensors, state.progress, self.identity, part_bytes=part_bytes
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

    def load(self, state: TrainingState) -> None:
        """Bring `state` to the newest checkpoint.

        Raises:
            TrainingError: there is none, it is damaged, or it is of another recipe or other data.
        """
        state.unpack(*checkpoint.load_latest(self.checkpoints, self.identity))

    def _record(self, state: TrainingState, scores: Mapping[str, float]) -> weights.Record:
        cuda = self.device.type == "cuda"
        return weights.Record(
            name=self.options.name or self.recipe.preset,
            **state.model.describe(),
            recipe=asdict(self.recipe),
            data=[path.name for path in self.options.pairs or self.options.data],
            training={
                "pictures": self.pictures,
                "steps": state.progress.step,
                "minutes": round(state.progress.seconds / 60, 1),
                "device": torch.cuda.get_device_name(self.device) if cuda else "CPU",
                "processes": self.processes,
                "precision": "bfloat16" if self.options.bfloat16 else "float32",
                "init": [Path(name).name for name in self.options.init],
            },
            scores={"validation": dict(scores)},
        )
