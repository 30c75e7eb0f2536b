"""What a run changes: network, running average of its weights, optimisers, progress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy.typing as npt
import torch
from torch import Tensor

from jcarsr.networks.catalog import build_preset
from jcarsr.networks.network import Network
from jcarsr.training import checkpoint
from jcarsr.training.checkpoint import Progress
from jcarsr.training.prepare import compile_blocks, make_average, make_optimizers
from jcarsr.training.recipes import Recipe


class TrainingState:
    """A run's state, as it is before the first step until `unpack`.

    Args:
        recipe: decides network, optimisers, average and starting values (by its seed).
        device: holds all of it.
        compile: compile the network's blocks.
    """

    def __init__(self, recipe: Recipe, device: torch.device, *, compile: bool) -> None:
        torch.manual_seed(recipe.seed)
        self.model = build_preset(recipe.preset)
        self.model.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.model.fuse(final=False)  # before the copy that the average keeps
        self.average = make_average(self.model, recipe)
        self.optimizers = make_optimizers(self.model, recipe)
        if compile:
            compile_blocks(self.model)
        self.progress = Progress()

    @property
    def averaged_network(self) -> Network:
        """The network with averaged weights: what is evaluated and kept."""
        return cast(Network, self.average.module)

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of every parameter."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate

    def pack(self) -> dict[str, Tensor]:
        """All tensors under flat names, for a checkpoint.

        Raises:
            TrainingError: a parameter is not finite: such a state is never stored.
        """
        checkpoint.refuse_non_finite(self.model)
        return checkpoint.pack(self.model, self.average, self.optimizers)

    def unpack(self, tensors: Mapping[str, Tensor], progress: Progress) -> None:
        """Put back what `pack` took."""
        checkpoint.unpack(tensors, self.model, self.average, self.optimizers)
        self.progress = progress

    def averaged_tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The averaged weights as float32 arrays, for a weight file."""
        averaged = self.averaged_network.state_dict()
        return {name: value.float().cpu().numpy() for name, value in averaged.items()}
