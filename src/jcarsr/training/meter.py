"""Measures between two logged steps: mean losses, speed, memory."""

from __future__ import annotations

import psutil
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from jcarsr.data.bank import Batch
from jcarsr.networks.catalog import build_preset
from jcarsr.networks.network import Network, TableReader
from jcarsr.training.checkpoint import Progress
from jcarsr.training.recipes import Recipe
from jcarsr.training.task import loss_terms


class Meter:
    """Sums the loss terms since the last log.

    Args:
        progress: at the last log.
    """

    def __init__(self, progress: Progress) -> None:
        self._since = progress
        self._sums: dict[str, Tensor] = {}

    @property
    def since(self) -> int:
        """The step after which the sums begin."""
        return self._since.step

    def add(self, terms: dict[str, Tensor]) -> None:
        """Add one step's terms, scalars on the device; waits for nothing."""
        for name, value in terms.items():
            before = self._sums.get(name)
            self._sums[name] = value.detach() if before is None else before + value.detach()

    def take(self, progress: Progress) -> tuple[dict[str, Tensor], float]:
        """The terms' means and the seconds a step took since the last log; begins anew.

        Args:
            progress: now, at least one step after the last log.
        """
        steps = progress.step - self.since
        means = {name: value / steps for name, value in self._sums.items()}
        seconds = max(progress.seconds - self._since.seconds, 1e-9) / steps
        self._since, self._sums = progress, {}
        return means, seconds


def step_flops(recipe: Recipe) -> int:
    """Floating-point operations of one step, forward and backward, without the optimisers'.

    Counted on a network without memory, merged as the trained one is.
    """
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        model = build_preset(recipe.preset)
        model.fuse(final=False)
        batch = random_batch(recipe, model)
        loss_terms(model, batch, recipe.pixel_error, recipe.loss_weights)["loss"].backward()
    return counter.get_total_flops()


def random_batch(recipe: Recipe, network: Network) -> Batch:
    """A batch of noise on PyTorch's default device, of the size that a step takes."""
    size, scale, patch = recipe.batch_size, recipe.picture_scale, recipe.patch_size
    small = torch.rand(size, 3, patch, patch)
    large = torch.rand(size, 3, scale * patch, scale * patch)
    tables = torch.ones(size, 2, 8, 8) if isinstance(network, TableReader) else None
    return Batch(lq=small, lr=small, hr=large, tables=tables)


def peak_memory(device: torch.device) -> int:
    """Bytes: the most that tensors took on a GPU, or that this process takes now on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return psutil.Process().memory_info().rss
