from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from support.gradients import without_gradient
from torch import nn

from jcarsr import JCARSR, PRESETS, JCARSRConfig
from jcarsr.engines.torch import load_network
from jcarsr.networks.catalog import build_preset
from jcarsr.weights import Record, read, write

OWN = ["jcarsr-x2", "jcarsr-x4", "jcarsr-lite-x2", "jcarsr-lite-x4"]


@pytest.mark.parametrize("name", OWN)
def test_shapes_of_all_outputs_at_an_odd_size(name: str) -> None:
    scale = PRESETS[name].scale
    with torch.no_grad():
        out = build_preset(name)(torch.rand(1, 3, 17, 23))
    assert out.lr is not None and out.gradient is not None
    large = (1, 3, 17 * scale, 23 * scale)
    assert (out.sr.shape, out.lr.shape, out.gradient.shape) == (large, (1, 3, 17, 23), large)


def test_every_parameter_receives_a_gradient(tiny: JCARSRConfig) -> None:
    model = JCARSR(tiny)
    out = model(torch.rand(2, 3, 16, 16))
    sum(x.square().mean() for x in out).backward()
    assert without_gradient(model) == []


def test_fusion_is_one_way(tiny: JCARSRConfig) -> None:
    """Table 7: nothing flows out of the SR branch; changing it leaves the others' outputs alone."""
    model, lq = JCARSR(tiny), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        before = model(lq)
        for name, parameter in model.named_parameters():
            if name.startswith(("sr_", "fuse_")):
                parameter.add_(torch.rand_like(parameter))
        after = model(lq)
    assert torch.equal(before.lr, after.lr)
    assert torch.equal(before.gradient, after.gradient)
    assert not torch.allclose(before.sr, after.sr)


@pytest.mark.parametrize("branch", ["jcar_groups", "gradient_groups"])
@pytest.mark.parametrize("level", [0, 1])
def test_sr_depends_on_every_level_of_both_branches(
    tiny: JCARSRConfig, branch: str, level: int
) -> None:
    model, lq = JCARSR(tiny), torch.rand(1, 3, 16, 16)
    nn.init.normal_(model.sr_tail.weight)
    with torch.no_grad():
        before = model(lq).sr
        for parameter in getattr(model, branch)[level].parameters():
            parameter.add_(torch.rand_like(parameter))
        assert not torch.allclose(before, model(lq).sr)


def test_restore_gives_sr_without_running_the_other_heads(tiny: JCARSRConfig) -> None:
    model, lq = JCARSR(tiny), torch.rand(1, 3, 17, 23)
    with torch.no_grad():
        sr = model(lq).sr
        with forbidden(model.jcar_tail, model.gradient_upsampler, model.gradient_tail):
            assert torch.equal(model.restore(lq), sr)


@pytest.mark.parametrize(("branch", "output"), [("clean", "lr"), ("edges", "gradient")])
def test_auxiliary_output_alone_is_that_of_the_whole_network(
    tiny: JCARSRConfig, branch: str, output: str
) -> None:
    model, lq = JCARSR(tiny), torch.rand(1, 3, 17, 23)
    with torch.no_grad():
        expected = getattr(model(lq), output)
        for name, child in model.named_children():
            if name.startswith(("sr_", "fuse_")):
                child.forward = None  # may not be run # pyright: ignore
        torch.testing.assert_close(getattr(model, branch)(lq), expected)


def test_save_and_load_give_the_same_output(tmp_path: Path, tiny: JCARSRConfig) -> None:
    model, lq = JCARSR(tiny).half().float(), torch.rand(1, 3, 16, 16)
    tensors = {name: value.numpy() for name, value in model.state_dict().items()}
    write(tmp_path / "w.safetensors", tensors, Record(name="tiny", **tiny.describe()))
    again = load_network(read(tmp_path / "w.safetensors"))
    with torch.no_grad():
        assert torch.equal(again.restore(lq), model.restore(lq))


def test_bfloat16_stays_near_float32(tiny: JCARSRConfig) -> None:
    model, lq = JCARSR(tiny), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        exact = model(lq)
        with torch.autocast("cpu", torch.bfloat16):
            rough = model(lq)
    for a, b in zip(exact, rough, strict=True):
        assert torch.allclose(a, b.float(), atol=0.03)


def test_wrong_shape_is_told(tiny: JCARSRConfig) -> None:
    with pytest.raises(ValueError, match=r"\(1, 1, 8, 8\)"):
        JCARSR(tiny)(torch.rand(1, 1, 8, 8))


@contextmanager
def forbidden(*modules: nn.Module) -> Iterator[None]:
    """Fails the test if one of the modules runs."""

    def fail(*_: object) -> None:
        raise AssertionError("an output head ran that restoring does not need")

    hooks = [module.register_forward_pre_hook(fail) for module in modules]
    yield
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("final", [False, True])
def test_merged_tails_change_nothing(scale: int, final: bool) -> None:
    model = JCARSR(JCARSRConfig(scale=scale, channels=8, num_groups=1, sr_blocks=1, jcar_blocks=1))
    model.eval()
    for tail in (model.sr_tail, model.gradient_tail):
        nn.init.normal_(tail.weight)  # they begin near zero
    lq, names = torch.rand(2, 3, 17, 12), list(model.state_dict())
    with torch.no_grad():
        before = model(lq)
        model.fuse(final=final)
        after = model(lq)
        for name in ("sr", "lr", "gradient"):
            torch.testing.assert_close(getattr(after, name), getattr(before, name))
        assert torch.equal(model.restore(lq), after.sr)
        assert torch.equal(model.edges(lq), after.gradient)
    assert list(model.state_dict()) == names  # so weight files stay as they are
