import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from jcarsr import JCARSR, JCARSRConfig
from jcarsr.data.bank import Batch
from jcarsr.loss_weights import LossWeights
from jcarsr.training.graphed import GraphedGradients
from jcarsr.training.task import loss_terms

EVERY_TERM = LossWeights(sr_gradient=1, harm=1, texture=1)


def random_batch(device: str = "cpu") -> Batch:
    lq, lr, hr = (torch.rand(2, 3, side, side, device=device) for side in (12, 12, 24))
    return Batch(lq=lq, lr=lr, hr=hr)


def backward(network: JCARSR) -> Callable[[Batch], dict[str, Tensor]]:
    def compute(batch: Batch) -> dict[str, Tensor]:
        network.zero_grad()
        terms = loss_terms(network, batch, "squared", EVERY_TERM)
        terms["loss"].backward()
        return terms

    return compute


class Sent(TorchDispatchMode):
    """Counts tensors made of Python's numbers and numbers of tensors: a GPU waits for each."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        self.count += func._schema.name in ("aten::lift_fresh", "aten::_local_scalar_dense")
        return func(*args, **(kwargs or {}))


def test_nothing_in_a_step_comes_from_the_cpu(tiny: JCARSRConfig) -> None:
    network, batch = JCARSR(tiny), random_batch()
    network.fuse(final=False)
    assert network.capturable
    compute = backward(network)
    with Sent() as sent:
        torch.tensor([1.0])
    assert sent.count == 1
    with Sent() as sent:
        compute(batch)
    assert sent.count == 0


@pytest.mark.gpu
def test_graph_gives_every_batch_its_own_gradients(tiny: JCARSRConfig) -> None:
    network = JCARSR(tiny).cuda()
    network.fuse(final=False)
    plain = copy.deepcopy(network)
    graphed, expected = GraphedGradients(network, backward(network)), backward(plain)
    kept: list[dict[str, Tensor]] = []
    for _ in range(3):
        batch = random_batch("cuda")
        kept += [graphed(batch), expected(batch)]
        for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-5)
        with torch.no_grad():  # as an optimiser: in the memory that the graph reads
            for parameter in (*network.parameters(), *plain.parameters()):
                parameter.mul_(0.9)
    for ours, theirs in zip(kept[::2], kept[1::2], strict=True):  # of earlier batches, too
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
