"""Forward and backward as one CUDA graph: thousands of kernels, started at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from jcarsr.data.bank import Batch

Gradients: TypeAlias = Callable[[Batch], dict[str, Tensor]]
"""Leaves a batch's gradients, and no others, at the parameters; gives the terms of its loss."""

_WARM_UP = 3  # steps before the capture: what is compiled or chosen at a first call


class GraphedGradients:
    """What `compute` does, recorded at the first batch and replayed for every one.

    A GPU computes the kernels of a step sooner than Python starts them. The recording holds for
    one size of batch. The gradients lie in memory of the graph, and must stay there: the next call
    overwrites them.

    Args:
        model: whose parameters get gradients.
        compute: never waits for the device, and reads nothing else that changes.
    """

    def __init__(self, model: nn.Module, compute: Gradients) -> None:
        self._model, self._compute = model, compute
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of this batch's loss; its gradients are at the parameters."""
        if self._graph is None:
            self._graph = self._capture(batch)
        for place, values in zip(self._batch, batch, strict=True):
            if place is not None and values is not None:
                place.copy_(values)
        self._graph.replay()
        return {name: term.clone() for name, term in self._terms.items()}

    def _capture(self, batch: Batch) -> torch.cuda.CUDAGraph:
        tables = None if batch.tables is None else batch.tables.clone()
        self._batch = Batch(batch.lq.clone(), batch.lr.clone(), batch.hr.clone(), tables)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                self._compute(self._batch)
        torch.cuda.current_stream().wait_stream(side)
        self._model.zero_grad()  # or the capture would free what is not the graph's
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            terms = self._compute(self._batch)
            self._terms = {name: term.detach() for name, term in terms.items()}
        return graph
