import pytest
import torch

from jcarsr import JCARSR, JCARSRConfig
from jcarsr.training.prepare import compile_blocks


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_compiled_blocks_compute_the_same(tiny: JCARSRConfig) -> None:
    model, lq = JCARSR(tiny), torch.rand(1, 3, 16, 16)
    plain = model(lq)
    plain.sr.sum().backward()
    gradients = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    names = list(model.state_dict())
    model.zero_grad()
    compile_blocks(model)
    compiled = model(lq)
    compiled.sr.sum().backward()
    for a, b in zip(plain, compiled, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
    again = [p.grad for p in model.parameters() if p.grad is not None]
    for a, b in zip(gradients, again, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)
    assert list(model.state_dict()) == names  # a compiled network's checkpoints load anywhere
