"""A JCARSR's sizes from its tensors alone. Imports no PyTorch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jcarsr.networks.jcarsr.config import JCARSRConfig


def is_jcarsr(names: Iterable[str]) -> bool:
    """Whether tensors of these names may be a JCARSR's."""
    return {
        *("sr_head.weight", "sr_upsampler.0.weight", "sr_tail.weight"),
        *("sr_groups.0.blocks.0.conv3.weight", "sr_groups.0.blocks.0.conv1.weight"),
    } - set(names) in (
        {"sr_groups.0.blocks.0.conv3.weight"},
        {"sr_groups.0.blocks.0.conv1.weight"},
    )


def deduce_config(shapes: Mapping[str, Sequence[int]]) -> JCARSRConfig:
    """The sizes of the network that has these tensors.

    `skip` leaves no trace in the tensors: it is True, as in every preset but `no-skip`.

    Args:
        shapes: name of a tensor -> its shape.

    Raises:
        ValueError: no JCARSR has them.
    """
    if not is_jcarsr(shapes):
        raise ValueError("not the tensors of a JCARSR")
    groups = _count(shapes, r"sr_groups\.(\d+)\.")
    depths = [_count(shapes, rf"sr_groups\.{group}\.blocks\.(\d+)\.") for group in range(groups)]
    block = "sr_groups.0.blocks.0."
    residual = f"{block}conv1.weight" in shapes
    jcar, gradient = "jcar_head.weight" in shapes, "gradient_head.weight" in shapes
    attending = "gradient_groups.0.refine.3." if residual else f"{block}attention."
    sizes: dict[str, Any] = {
        "scale": 2 ** _count_upsamplings(shapes),
        "channels": shapes["sr_head.weight"][0],
        "num_groups": groups,
        "sr_blocks": min(depths),
        "extra_blocks": sum(depths) - groups * min(depths),
        "jcar": jcar,
        "gradient": gradient,
        "block": "residual" if residual else "msnaf",
        "attention": f"{attending}channel.0.weight" in shapes or (residual and not gradient),
        "cross": "gradient_groups.0.blocks.0.stages.0.merge.weight" in shapes or not gradient,
        "two_way": any(".excite_other." in name for name in shapes),
    }
    if jcar:
        sizes["jcar_blocks"] = _count(shapes, r"jcar_groups\.0\.blocks\.(\d+)\.")
    config = JCARSRConfig(**sizes)
    if list(config.sr_depths) != depths:
        raise ValueError(f"the groups of a JCARSR have not {depths} blocks")
    return config


def _count(names: Iterable[str], pattern: str) -> int:
    """One more than the largest number that stands in names where the pattern has its group."""
    found = (re.match(pattern, name) for name in names)
    return 1 + max((int(match[1]) for match in found if match), default=-1)


def _count_upsamplings(names: Iterable[str]) -> int:
    """How often the SR branch enlarges by 2."""
    return sum(bool(re.fullmatch(r"sr_upsampler\.\d+\.weight", name)) for name in names)
