"""The ablations of Tables 5 to 8: what each takes away or adds, and what it leaves as it is."""

from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.gradients import without_gradient
from torch.nn.functional import conv2d, relu

from jcarsr import PRESETS, JCARSRConfig
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.engines.torch import TorchEngine, load_network
from jcarsr.export.write import export
from jcarsr.networks.jcarsr.blocks.mscc import MSCCG
from jcarsr.networks.jcarsr.blocks.msnaf import MSNAFB, MSNAFG
from jcarsr.networks.jcarsr.blocks.skff import SKFF, TwoWaySKFF
from jcarsr.networks.jcarsr.network import JCARSR
from jcarsr.weights import Record, bundled_names, find, read, read_record, write

TINY = JCARSRConfig(scale=2, channels=16, num_groups=2, sr_blocks=1, jcar_blocks=1)
VARIANTS: list[dict[str, Any]] = [
    {},
    {"extra_blocks": 3},
    {"jcar": False},
    {"gradient": False},
    {"jcar": False, "gradient": False},
    {"block": "residual"},
    {"attention": False},
    {"cross": False},
    {"two_way": True},
    {"two_way": True, "jcar": False},
    {"skip": False},
]
every_variant = pytest.mark.parametrize("changed", VARIANTS, ids=str)


@cache
def parameters(config: JCARSRConfig) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in JCARSR(config).parameters())


def equal_size(config: JCARSRConfig, target: int) -> JCARSRConfig:
    """The same network with the extra blocks that bring it nearest to a number of parameters."""
    bare = parameters(replace(config, extra_blocks=0))
    block = parameters(replace(config, extra_blocks=1)) - bare
    return replace(config, extra_blocks=round((target - bare) / block))


def names(config: JCARSRConfig) -> set[str]:
    with torch.device("meta"):
        return set(JCARSR(config).state_dict())


@pytest.mark.parametrize(
    ("changed", "gone"),
    [
        ({"jcar": False}, ("jcar_", "fuse_jcar")),
        ({"gradient": False}, ("gradient_", "fuse_gradient")),
        ({"attention": False}, (".attention.", ".refine.3.")),
        ({"cross": False}, ("gradient_groups.0.blocks.", "gradient_groups.1.blocks.")),
        ({"skip": False}, ()),
    ],
)
def test_what_is_taken_away_is_gone_and_nothing_else(
    changed: dict[str, Any], gone: tuple[str, ...]
) -> None:
    whole = names(TINY)
    expected = {name for name in whole if not any(part in name for part in gone)}
    assert names(replace(TINY, **changed)) == expected
    assert (expected != whole) == bool(gone)


def test_blocks_and_excitations_are_added() -> None:
    more = names(replace(TINY, extra_blocks=3)) - names(TINY)
    assert {name.rsplit(".blocks.", 1)[0] for name in more} == {"sr_groups.0", "sr_groups.1"}
    assert {name.split(".blocks.")[1][0] for name in more if "groups.0" in name} == {"1", "2"}
    assert {name.split(".blocks.")[1][0] for name in more if "groups.1" in name} == {"1"}
    more = names(replace(TINY, two_way=True)) - names(TINY)
    assert len(more) == 2 * 2 * TINY.num_groups
    assert all(".excite_other." in name for name in more)


@every_variant
def test_outputs_are_those_of_its_branches(changed: dict[str, Any]) -> None:
    config = replace(TINY, **changed)
    model, lq = JCARSR(config).eval(), torch.rand(1, 3, 9, 7)
    with torch.no_grad():
        out = model(lq)
        for output in ("sr", "lr", "gradient"):
            predicted = getattr(out, output)
            assert (predicted is not None) == (output in config.facts.outputs)
            if predicted is not None:
                size = (9, 7) if output == "lr" else (18, 14)
                assert predicted.shape == (1, 3, *size)
                torch.testing.assert_close(model.predict(lq, output), predicted)
        model.fuse(final=True)
        torch.testing.assert_close(model(lq).sr, out.sr)


@every_variant
def test_every_parameter_receives_a_gradient(changed: dict[str, Any]) -> None:
    model = JCARSR(replace(TINY, **changed))
    for name, tail in model.named_children():
        if name.endswith("_tail"):
            torch.nn.init.normal_(tail.weight)
    out = model(torch.randn(8, 3, 9, 10))  # of many kinds: a PReLU sees negative values, too
    sum(x.square().mean() for x in out if x is not None).backward()
    assert without_gradient(model) == []


@pytest.mark.parametrize(("branch", "predict"), [("jcar", "clean"), ("gradient", "edges")])
def test_absent_branch_is_named(branch: str, predict: str) -> None:
    model = JCARSR(replace(TINY, **{branch: False}))
    with pytest.raises(ValueError, match=r"^this network has no .* branch$"):
        getattr(model, predict)(torch.rand(1, 3, 8, 8))


def test_two_way_fusion_changes_the_other_branches() -> None:
    """The reverse of the paper's network, where nothing leaves the SR branch."""
    model, lq = JCARSR(replace(TINY, two_way=True)), torch.rand(1, 3, 8, 8)
    with torch.no_grad():
        before = model(lq)
        for name, parameter in model.named_parameters():
            if name.startswith("sr_"):
                parameter.add_(torch.rand_like(parameter))
        after = model(lq)
    assert not torch.allclose(before.lr, after.lr)
    assert not torch.allclose(before.gradient, after.gradient)


def test_two_way_fusion_is_two_skffs_with_one_squeeze() -> None:
    both, a, b = TwoWaySKFF(16), torch.randn(2, 16, 5, 7), torch.randn(2, 16, 5, 7)
    for mixed, excite in zip(both(a, b), (both.excite, both.excite_other), strict=True):
        one = SKFF(16)
        one.squeeze, one.excite = both.squeeze, excite
        torch.testing.assert_close(mixed, one(a, b))


def test_without_cross_blocks_is_with_blocks_that_do_nothing() -> None:
    whole, x = MSCCG(16), torch.randn(1, 16, 9, 8)
    for block in whole.blocks:
        block.forward = lambda x: x
    bare = MSCCG(16, cross=False)
    bare.load_state_dict({k: v for k, v in whole.state_dict().items() if "refine" in k})
    torch.testing.assert_close(bare(x), whole(x))


def test_without_attention_is_with_attention_that_passes_all() -> None:
    whole, x = MSNAFB(16), torch.randn(1, 16, 9, 8)
    whole.attention.forward = lambda x: x
    bare = MSNAFB(16, attention=False)
    bare.load_state_dict({k: v for k, v in whole.state_dict().items() if "attention" not in k})
    torch.testing.assert_close(bare(x), whole(x))


def test_residual_blocks_are_edsrs() -> None:
    group, x = MSNAFG(8, 2, block="residual"), torch.randn(1, 8, 9, 7)
    y = x
    for block in group.blocks:
        inner = relu(conv2d(y, block.conv1.weight, block.conv1.bias, padding=1))
        y = y + conv2d(inner, block.conv2.weight, block.conv2.bias, padding=1)
    torch.testing.assert_close(group(x), x + y)


def test_without_the_skip_the_network_makes_the_picture_itself() -> None:
    model, lq = JCARSR(replace(TINY, skip=False)), torch.rand(1, 3, 8, 8)
    with torch.no_grad():
        for tail in (model.sr_tail, model.jcar_tail):
            tail.weight.zero_()
            tail.bias.zero_()
        out = model(lq)
    assert not out.sr.any()
    assert not out.lr.any()


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("scale", [2, 4])
def test_no_skip_is_the_papers_network_with_the_same_parameters(scale: int) -> None:
    whole, bare = (JCARSRConfig(**PRESETS[f"jcarsr{x}-x{scale}"].config) for x in ("", "-no-skip"))
    assert bare == replace(whole, skip=False)
    assert (names(bare), parameters(bare)) == (names(whole), parameters(whole))
    assert "skip" not in whole.describe()["config"]
    assert JCARSRConfig(**whole.describe()["config"]) == replace(whole, skip=True)


@pytest.mark.slow
def test_without_the_skip_graphs_compute_the_same(tmp_path: Path) -> None:
    model = JCARSR(replace(TINY, skip=False)).eval()
    tensors = {name: value.numpy() for name, value in model.state_dict().items()}
    write(tmp_path / "w.safetensors", tensors, Record(name="tiny", **model.describe()))
    export(tmp_path / "w.safetensors")
    for output in model.facts.restoring_outputs:
        own = OnnxEngine(tmp_path / "w.safetensors", output)
        torchs = TorchEngine(load_network(read(tmp_path / "w.safetensors")), "cpu", output)
        for size in ((17, 23), (1, 1)):
            lq = np.random.default_rng(0).random((1, 3, *size), np.float32)
            np.testing.assert_allclose(own.run(lq), torchs.run(lq), atol=2e-4)  # fp16 kernel


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("extra_blocks", -1, "at least 0"),
        ("extra_blocks", 1.0, "a whole number"),
        ("jcar", 1, "true or false"),
        ("two_way", "yes", "true or false"),
        ("block", "dense", "msnaf or residual"),
        ("block", ["msnaf"], "msnaf or residual"),
        ("channels", "8", "a whole number"),
    ],
)
def test_nonsense_is_refused(field: str, value: object, kind: str) -> None:
    with pytest.raises(ValueError, match=rf"^{field} must be {kind}, got"):
        JCARSRConfig(**{"scale": 2, field: value})  # pyright: ignore


def test_two_way_needs_another_branch() -> None:
    with pytest.raises(ValueError, match="two_way"):
        replace(TINY, two_way=True, jcar=False, gradient=False)


@every_variant
def test_record_names_only_what_is_changed(changed: dict[str, Any], tmp_path: Path) -> None:
    config = replace(TINY, **changed)
    described = config.describe()["config"]
    sizes = {"scale", "channels", "num_groups", "sr_blocks", "jcar_blocks"}
    assert described.keys() == sizes | changed.keys()
    model = JCARSR(config).eval()
    tensors = {name: value.numpy() for name, value in model.state_dict().items()}
    write(tmp_path / "w.safetensors", tensors, Record(name="tiny", **model.describe()))
    weights = read(tmp_path / "w.safetensors")
    assert weights.record.facts == config.facts
    assert asdict(load_network(weights).config) == asdict(config)


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_records_read_as_the_papers_network(name: str) -> None:
    record = read_record(find(name))
    config = JCARSRConfig(**record.config)
    sizes = {"scale", "channels", "num_groups", "sr_blocks", "jcar_blocks"}
    defaults = [field for field in fields(config) if field.name not in sizes]
    assert all(getattr(config, field.name) == field.default for field in defaults)
    assert record.facts.outputs == ("sr", "lr", "gradient")


ABLATED = [name for name in PRESETS if PRESETS[name].config.get("extra_blocks")]


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("name", ABLATED)
def test_size_without_a_branch_is_that_of_the_whole_network(name: str) -> None:
    """Table 6; to about half a block of 145,858 or 36,602 parameters."""
    whole = "jcarsr-lite-x2" if "lite" in name else "jcarsr-x2"
    config = JCARSRConfig(**PRESETS[name].config)
    target = parameters(JCARSRConfig(**PRESETS[whole].config))
    assert equal_size(config, target) == config
    assert abs(parameters(config) - target) <= (36_602 if "lite" in name else 145_858) / 2
