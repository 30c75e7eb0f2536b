"""Sizes from names and shapes, against the networks that have them."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from jcarsr.networks.catalog import ARCHITECTURES, PRESETS, build
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.networks.jcarsr.deduce import deduce_config, is_jcarsr
from jcarsr.networks.jcarsr.network import JCARSR

SMALL = JCARSRConfig(scale=2, channels=8, num_groups=3, sr_blocks=2, jcar_blocks=1)


def shapes(architecture: str, config: Any) -> dict[str, tuple[int, ...]]:
    return shapes_of(architecture, tuple(config.items()))


@cache
def shapes_of(architecture: str, fields: tuple[tuple[str, Any], ...]) -> dict[str, tuple[int, ...]]:
    config = dict(fields)
    with torch.device("meta"):
        state = build(architecture, config).state_dict()
    return {name: tuple(value.shape) for name, value in state.items()}


# the large ablations have the names of tensors of the small ones
NAMES = ["jcarsr-x2", "jcarsr-x4", *(name for name in PRESETS if name.startswith("jcarsr-lite-"))]


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("name", NAMES)
def test_every_preset_is_found(name: str) -> None:
    own = shapes("jcarsr", PRESETS[name].config)
    config = deduce_config(own)
    expected = JCARSRConfig(**PRESETS[name].config)
    assert config.sr_depths == expected.sr_depths
    # depths say all of sr_blocks and extra_blocks, absent branches nothing of their sizes
    alike = {"sr_blocks": config.sr_blocks, "extra_blocks": config.extra_blocks}
    if not expected.jcar:
        alike["jcar_blocks"] = config.jcar_blocks
    assert config == replace(expected, **alike)
    assert shapes("jcarsr", config.describe()["config"]) == own


@pytest.mark.parametrize(
    "changed",
    [
        *({"extra_blocks": 1}, {"extra_blocks": 5}, {"two_way": True, "jcar": False}),
        *({"block": "residual", "attention": False}, {"attention": False, "gradient": False}),
        {"cross": False, "attention": False},
    ],
)
def test_the_network_is_built_again(changed: dict[str, Any]) -> None:
    state = JCARSR(replace(SMALL, **changed)).state_dict()
    config = deduce_config({name: tuple(value.shape) for name, value in state.items()})
    again = JCARSR(config)
    again.load_state_dict(state)
    first = JCARSR(replace(SMALL, **changed))
    first.load_state_dict(state)
    lq = torch.rand(1, 3, 12, 10)
    with torch.no_grad():
        assert torch.equal(again.restore(lq), first.restore(lq))


@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"jcarsr"}))
def test_other_networks_are_none(name: str) -> None:
    preset = next(p for p in PRESETS.values() if p.architecture == name)
    assert not is_jcarsr(shapes(name, preset.config))


def test_what_is_no_network_is_refused() -> None:
    own = shapes("jcarsr", SMALL.describe()["config"])
    with pytest.raises(ValueError, match="not the tensors of a JCARSR"):
        deduce_config({name: own[name] for name in own if name != "sr_tail.weight"})
    uneven = {name: shape for name, shape in own.items() if "sr_groups.1.blocks.1." not in name}
    with pytest.raises(ValueError, match=r"have not \[2, 1, 2\] blocks"):
        deduce_config(uneven)
    enlarged = own | {f"sr_upsampler.{at}.weight": (32, 8, 3, 3) for at in (2, 4)}
    with pytest.raises(ValueError, match="scale must be 2 or 4"):
        deduce_config(enlarged)
