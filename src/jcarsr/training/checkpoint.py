"""Training checkpoints: safetensors parts in a folder that appears whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from jcarsr.errors import TrainingError
from jcarsr.partfile import folder_being_written, remove_dead_parts
from jcarsr.safefile import SafeFileError, read_metadata, read_tensors

_REMEDY = "remove its folder to begin anew"


@dataclass(frozen=True)
class Progress:
    """How far a run has come; with the recipe's seed it fixes every later random draw."""

    step: int = 0
    seconds: float = 0.0
    """Spent in the loop, over all resumptions."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a run was first started, which its record says after any number of resumptions."""

    init: tuple[str, ...]
    """Names of the weights that it started from."""
    processes: int
    precision: str
    """Of products."""

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Start:
        """What a checkpoint says.

        Raises:
            KeyError, TypeError: it is none.
        """
        init, processes, precision = said["init"], said["processes"], said["precision"]
        return cls(init=tuple(init), processes=processes, precision=precision)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What was read of a checkpoint."""

    tensors: dict[str, Tensor]
    progress: Progress
    run: str
    """Which of the accepted ones."""
    start: Start | None
    """None = it is of a version that did not note it."""


def save(
    folder: Path,
    tensors: Mapping[str, Tensor],
    progress: Progress,
    run: str,
    start: Start,
    *,
    part_bytes: int,
) -> Path:
    """Write a checkpoint below `folder` and remove the others.

    Args:
        folder: holds one folder a checkpoint, named after its step.
        tensors: of `pack`.
        progress: of the run.
        run: identifies recipe and data; `load_latest` refuses another.
        start: of the run.
        part_bytes: a new part begins before this size is exceeded (a single tensor may exceed it).

    Returns:
        the checkpoint's folder.
    """
    target = folder / f"step-{progress.step:08d}"
    parts = _split(tensors, part_bytes)
    # the same step may be there, after a resumption that made no step: it is replaced
    with folder_being_written(target) as partial:
        for number, part in enumerate(parts, start=1):
            about = {"part": number, "parts": len(parts), "run": run}
            about |= {"step": progress.step, "seconds": progress.seconds, "start": asdict(start)}
            name = f"part-{number:03d}-of-{len(parts):03d}.safetensors"
            # not save_file, which lets only its owner read it
            (partial / name).write_bytes(to_bytes(part, {"checkpoint": json.dumps(about)}))
    for other in _checkpoints(folder):
        if other != target:
            shutil.rmtree(other)
    remove_dead_parts(folder)
    return target


def refuse_others(folder: Path) -> None:
    """Raise a TrainingError if there are checkpoints: a new run would replace them."""
    if found := _checkpoints(folder):
        raise TrainingError(
            f"{found[-1]}: the checkpoint of an earlier run; resume it, or take another folder"
        )


def load_latest(folder: Path, runs: Collection[str]) -> Checkpoint:
    """Read the newest checkpoint below `folder`, of one of `runs`.

    Raises:
        TrainingError: there is none, a part is missing or damaged, or it is of another run.
    """
    found = _checkpoints(folder)
    if not found:
        raise TrainingError(f"{folder}: no checkpoint to resume from")
    tensors: dict[str, Tensor] = {}
    about: dict[str, Any] = {}
    start: Start | None = None
    files = sorted(found[-1].glob("*.safetensors"))
    for path in files:
        try:
            about = json.loads(read_metadata(path)["checkpoint"])
            start = Start.from_json(about["start"]) if "start" in about else None
            tensors |= read_tensors(path, "pt")
        except (SafeFileError, KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"{path}: damaged checkpoint ({error}); {_REMEDY}") from error
    if about.get("parts") != len(files):
        raise TrainingError(
            f"{found[-1]}: {len(files)} of {about.get('parts')} parts are there; {_REMEDY}"
        )
    if about["run"] not in runs:
        raise TrainingError(f"{found[-1]}: was made by another recipe or from other data")
    progress = Progress(about["step"], about["seconds"])
    return Checkpoint(tensors=tensors, progress=progress, run=about["run"], start=start)


def pack(
    model: nn.Module, ema: AveragedModel, optimizers: Sequence[Optimizer]
) -> dict[str, Tensor]:
    """All tensors of a run's state under flat names."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"ema.{name}": value for name, value in ema.state_dict().items()}
    for first, optimizer in _with_first_number(optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{first + index}.{key}": value for key, value in state.items()}
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def unpack(
    tensors: Mapping[str, Tensor],
    model: nn.Module,
    ema: AveragedModel,
    optimizers: Sequence[Optimizer],
) -> None:
    """Put back what `pack` took."""
    model.load_state_dict(_below(tensors, "model."))
    ema.load_state_dict(_below(tensors, "ema."))
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in _below(tensors, "optimizer.").items():
        index, key = name.split(".")
        states.setdefault(int(index), {})[key] = value
    for first, optimizer in _with_first_number(optimizers):
        groups = optimizer.state_dict()["param_groups"]
        indices = [index for group in groups for index in group["params"]]
        own = {i: states[first + i] for i in indices if first + i in states}
        optimizer.load_state_dict({"state": own, "param_groups": groups})


def refuse_non_finite(model: nn.Module) -> None:
    """Raise a TrainingError if a parameter is no longer finite: such a state is never stored."""
    for name, value in model.named_parameters():
        if not torch.isfinite(value).all():
            raise TrainingError(f"{name} is no longer finite")


def _with_first_number(optimizers: Sequence[Optimizer]) -> Iterator[tuple[int, Optimizer]]:
    """Yield each optimiser with the number of its first parameter, counted over all of them."""
    first = 0
    for optimizer in optimizers:
        yield first, optimizer
        first += sum(len(group["params"]) for group in optimizer.param_groups)


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("step-*") if path.is_dir())


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _split(tensors: Mapping[str, Tensor], part_bytes: int) -> list[dict[str, Tensor]]:
    parts: list[dict[str, Tensor]] = [{}]
    room = part_bytes
    for name, value in tensors.items():
        if value.nbytes > room and parts[-1]:
            parts.append({})
            room = part_bytes
        parts[-1][name] = value
        room -= value.nbytes
    return parts
