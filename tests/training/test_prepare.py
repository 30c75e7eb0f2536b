from dataclasses import replace

import pytest
import torch

from jcarsr import JCARSR, JCARSRConfig
from jcarsr.networks.catalog import build
from jcarsr.networks.jcarsr.blocks.msnaf import MSNAFB
from jcarsr.training.prepare import compile_blocks, make_average
from jcarsr.training.recipes import RECIPES


def test_average_is_computed_by_its_own_weights(tiny: JCARSRConfig) -> None:
    """Also where tails are merged, which are not in the list of a network's parameters."""
    model, lq = JCARSR(tiny), torch.rand(1, 3, 8, 8)
    model.fuse(final=False)
    average = make_average(model, RECIPES["short"])
    with torch.no_grad():
        before = average(lq).sr
        model.sr_tail.bias.add_(1)
        torch.testing.assert_close(average(lq).sr, before)
        average.module.sr_tail.bias.add_(1)
        torch.testing.assert_close(average(lq).sr, before + 1)


def test_average_of_a_short_run_holds_nothing_of_its_starting_weights(tiny: JCARSRConfig) -> None:
    """A decay of 0.999 alone would leave three quarters of them after 300 steps."""
    model = JCARSR(replace(tiny, num_groups=1))
    average = make_average(model, RECIPES["compare"])
    weights, averaged = next(model.parameters()), next(average.parameters())
    with torch.no_grad():
        weights.zero_()
        average.update_parameters(model)
        weights.fill_(1)
        for _ in range(299):
            average.update_parameters(model)
    torch.testing.assert_close(averaged, torch.ones_like(averaged), atol=1e-6, rtol=0)


def test_average_of_a_long_run_has_the_decay_of_its_recipe(tiny: JCARSRConfig) -> None:
    model = JCARSR(tiny)
    average = make_average(model, replace(RECIPES["compare"], ema_decay=0.99))
    weights, averaged = next(model.parameters()), next(average.parameters())
    with torch.no_grad():
        weights.zero_()
        average.update_parameters(model)
        average.n_averaged += 10_000
        weights.fill_(1)
        average.update_parameters(model)
    torch.testing.assert_close(averaged, torch.full_like(averaged, 0.01))


def test_average_leaves_no_residuals_out() -> None:
    """SwinIR does in training; its average is evaluated."""
    sizes = {"channels": 12, "num_heads": 3, "window": 4, "num_groups": 1, "num_layers": 2}
    model = build("swinir", {"scale": 2, **sizes, "drop_path": 0.9}).train()
    average, lq = make_average(model, RECIPES["short"]), torch.rand(4, 3, 8, 8)
    with torch.no_grad():
        assert not torch.equal(model(lq).sr, model(lq).sr)
        assert torch.equal(average(lq).sr, average(lq).sr)


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


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_compiled_block_has_the_gradients_of_the_plain_one_in_bfloat16() -> None:
    """What `train --compile` runs: rounding may move values, but nothing is lost or not finite."""
    block, x = MSNAFB(8), torch.randn(2, 8, 16, 16)
    runs: list[list[torch.Tensor]] = []
    for compiled in (False, True):
        if compiled:
            block.compile()
        block.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            block(x).square().sum().backward()
        runs.append([p.grad for p in block.parameters() if p.grad is not None])
    assert len(runs[0]) == len(runs[1]) > 0
    for plain, again in zip(*runs, strict=True):
        assert (plain - again).norm() < 0.03 * plain.norm()
