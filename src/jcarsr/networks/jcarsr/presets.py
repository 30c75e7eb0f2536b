"""JCARSR's named sizes: the paper's, small ones, and the ablations of both. Imports no PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Config = Mapping[str, Any]
"""A network's sizes: the fields of its config class that differ from their defaults."""

_LITE = {"channels": 32, "num_groups": 2, "sr_blocks": 3, "jcar_blocks": 1}
_ABLATIONS: dict[str, Config] = {
    # Table 5
    "no-msnafb": {"block": "residual"},
    "no-ma": {"attention": False},
    "no-msccb": {"cross": False},
    # ours: blocks make up for what is missing
    "no-msnafb-equal": {"block": "residual"},
    "no-msccb-equal": {"cross": False},
    # Table 6: the SR branch alone, and with one other; extra blocks make up for what is missing
    "isrb": {"jcar": False, "gradient": False},
    "isrb-ggb": {"jcar": False},
    "isrb-carb": {"gradient": False},  # for Table 8, where the SR branch has the gradient loss
    # Table 7
    "two-way": {"two_way": True},
}


def _ablations(
    name: str, sizes: Config, extra: Mapping[str, int], parameters: Sequence[int]
) -> tuple[dict[str, Config], dict[str, int]]:
    """The paper's ablations at x2: their presets, and their numbers of parameters.

    Args:
        name: of the whole network, before its scale.
        sizes: its fields.
        extra: ablation -> blocks that make its size that of the whole network.
        parameters: of each ablation.
    """
    presets: dict[str, Config] = {}
    for ablation, changed in _ABLATIONS.items():
        config: dict[str, Any] = {"scale": 2, **sizes, **changed}
        if ablation in extra:
            config["extra_blocks"] = extra[ablation]
        presets[f"{name}-{ablation}-x2"] = config
    return presets, dict(zip(presets, parameters, strict=True))


_ABLATED, _ABLATED_PARAMETERS = _ablations(
    "jcarsr",
    {},
    {"no-msnafb-equal": 58, "no-msccb-equal": 4, "isrb": 28, "isrb-ggb": 20, "isrb-carb": 8},
    (
        *(5_782_813, 9_961_363, 9_453_013, 10_066_461, 10_036_445),
        *(10_069_579, 10_091_725, 10_080_787, 10_113_173),
    ),
)
_LITE_ABLATED, _LITE_ABLATED_PARAMETERS = _ablations(
    "jcarsr-lite",
    _LITE,
    {"no-msnafb-equal": 8, "no-msccb-equal": 2, "isrb": 6, "isrb-ggb": 2, "isrb-carb": 4},
    (332_449, 471_277, 411_825, 480_417, 485_029, 477_979, 474_764, 480_512, 478_321),
)

PRESETS: dict[str, Config] = {
    # the paper's Table 1: 10.10 M and 10.40 M parameters
    "jcarsr-x2": {"scale": 2},
    "jcarsr-x4": {"scale": 4},
    # ours: without our global skip, as the other networks of the paper's sizes are
    "jcarsr-no-skip-x2": {"scale": 2, "skip": False},
    "jcarsr-no-skip-x4": {"scale": 4, "skip": False},
    # for computers without a GPU: 0.48 M and 0.55 M
    "jcarsr-lite-x2": {"scale": 2, **_LITE},
    "jcarsr-lite-x4": {"scale": 4, **_LITE},
    **_ABLATED,
    **_LITE_ABLATED,
}
"""Name of a size -> fields of its config."""

PARAMETERS = {
    "jcarsr-x2": 10_102_933,
    "jcarsr-x4": 10_398_357,
    "jcarsr-no-skip-x2": 10_102_933,
    "jcarsr-no-skip-x4": 10_398_357,
    "jcarsr-lite-x2": 477_297,
    "jcarsr-lite-x4": 551_281,
    **_ABLATED_PARAMETERS,
    **_LITE_ABLATED_PARAMETERS,
}
"""Name of a size -> how many parameters it has."""
