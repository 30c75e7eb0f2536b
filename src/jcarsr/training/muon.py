"""The Muon optimiser (Jordan et al. 2024), for kernels of convolutions as well as matrices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan's: not exact, but quick where values are small
_MOMENTUM = 0.95  # share of the old one that stays in a step
_STEPS = 5  # of the iteration


class Muon(Optimizer):
    """Momentum, made orthogonal before it is applied: every direction moves as far as any other.

    A kernel (out, in, height, width) counts as the matrix (out, in * height * width). The update
    is as large as AdamW's commonly is, 0.2 times the rate in the root mean square, so that both
    take the same learning rates (Liu et al. 2025, "Muon is scalable for LLM training"). On
    matrices it is torch.optim.Muon without weight decay; that one refuses kernels.

    Args:
        params: of at least two dimensions.
        lr: learning rate.

    Raises:
        ValueError: a parameter has fewer than two dimensions; the message quotes its shape.
    """

    def __init__(self, params: Iterable[nn.Parameter], *, lr: float) -> None:
        super().__init__(params, {"lr": lr})
        for group in self.param_groups:
            for param in group["params"]:
                if param.ndim < 2:
                    raise ValueError(f"Muon needs matrices, got the shape {tuple(param.shape)}")

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Apply one update; a closure is not called, a missing gradient counts as zero."""
        for group in self.param_groups:
            alike: defaultdict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for param in group["params"]:
                alike[param.shape].append(param)
            for shape, params in alike.items():  # those of one shape at once: far fewer calls
                updates = orthogonalise(self._ahead(params))
                rate = group["lr"] * 0.2 * max(updates.shape[1:]) ** 0.5
                for param, update in zip(params, updates, strict=True):
                    param.sub_(update.view(shape), alpha=rate)

    def _ahead(self, params: list[nn.Parameter]) -> Tensor:
        """The momentum, one step ahead (Nesterov), of parameters of one shape: (N, H, W)."""
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in params]
        grad = torch.stack(grads).flatten(2)
        state = self.state[params[0]]  # the first keeps it for all
        if not state:
            state["momentum"] = torch.zeros_like(grad)
        average = state["momentum"].lerp_(grad, 1 - _MOMENTUM)
        return grad.lerp(average, _MOMENTUM)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Bring every singular value near 1 (about 0.7 to 1.2), by Newton and Schulz's iteration.

    (N, H, W) -> (N, H, W)
    """
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices if wide else matrices.transpose(1, 2)
    x = x / (x.square().sum((1, 2), keepdim=True).sqrt() + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(_STEPS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else x.transpose(1, 2)
