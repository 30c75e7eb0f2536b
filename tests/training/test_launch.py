"""What Fabric is told: the network's arithmetic."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from jcarsr.training.launch import launch
from jcarsr.training.options import RunOptions
from jcarsr.training.options import TrainingPrecision as Precision


class Skip(nn.Module):
    """x + Wx, which notes the types of both."""

    def __init__(self) -> None:
        super().__init__()
        self.weigh = nn.Linear(3, 3)
        self.types: list[torch.dtype] = []

    def forward(self, x: Tensor) -> Tensor:
        y = self.weigh(x)
        self.types += [x.dtype, y.dtype]
        return x + 0 * y


@pytest.mark.filterwarnings("default")  # Fabric warns of its own matters
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_pictures_are_never_rounded(tmp_path: Path, precision: Precision) -> None:
    fabric = launch(
        RunOptions(data=(tmp_path,), out=tmp_path / "run", device="cpu", precision=precision)
    )
    network = Skip()
    x = torch.arange(256).float()[:, None].expand(-1, 3) / 255
    y = fabric.setup_module(network)(x)
    assert torch.equal(y, x)
    assert network.types == [torch.float32, getattr(torch, precision)]
    fabric.backward(y.sum())
    assert network.weigh.weight.grad is not None
    assert network.weigh.weight.grad.dtype == torch.float32
