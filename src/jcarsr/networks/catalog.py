"""Every network by name. Imports no PyTorch: a network's own module is loaded when it is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcarsr.networks.network import Network
    from jcarsr.protocols import NetworkFacts

Config = Mapping[str, Any]
"""A network's sizes: the fields of its config class that differ from their defaults."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Where a network is written, and its named sizes."""

    module: str
    """Has the class `network` and the dataclass `config`."""
    network: str
    config: str
    presets: Mapping[str, Config]
    parameters: Mapping[str, int]
    """preset -> how many; counting takes PyTorch, as its test does."""


@dataclass(frozen=True)
class Preset:
    """A network of a named size."""

    architecture: str
    """A key of ARCHITECTURES."""
    config: Config = field(default_factory=dict[str, Any])

    @property
    def scale(self) -> int:
        """Output size over input size; 1 of networks that only remove artifacts."""
        return self.config.get("scale", 1)


_LITE = {"channels": 32, "num_groups": 2, "sr_blocks": 3, "jcar_blocks": 1}
_QGCN_LITE = {
    **{"channels": 32, "num_blocks": 18, "global_channels": 4, "global_hidden": 64},
    "skip": True,
}
_JDEC_LITE = {
    **{"channels": 48, "hidden": 64, "num_groups": 2, "num_layers": 2, "heads": 4, "window": 4},
    "skip": True,
}
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


def _enlarger(
    name: str, network: str, *, lite: Config, parameters: tuple[int, int, int, int]
) -> Architecture:
    """A network of one output: the paper's Table 1, and 0.48 M at x2 with JCARSR's global skip.

    Args:
        name: of the architecture and its module.
        network: its class.
        lite: the small network's sizes.
        parameters: how many for x2 and x4, then of the small one for x2 and x4.
    """
    presets: dict[str, Config] = {
        f"{name}-x2": {"scale": 2},
        f"{name}-x4": {"scale": 4},
        f"{name}-lite-x2": {"scale": 2, **lite, "skip": True},
        f"{name}-lite-x4": {"scale": 4, **lite, "skip": True},
    }
    return Architecture(
        module=f"jcarsr.networks.{name}",
        network=network,
        config=f"{network}Config",
        presets=presets,
        parameters=dict(zip(presets, parameters, strict=True)),
    )


ARCHITECTURES: dict[str, Architecture] = {
    "jcarsr": Architecture(
        module="jcarsr.networks.jcarsr.network",
        network="JCARSR",
        config="JCARSRConfig",
        presets={
            # the paper's Table 1: 10.10 M and 10.40 M parameters
            "jcarsr-x2": {"scale": 2},
            "jcarsr-x4": {"scale": 4},
            # for computers without a GPU: 0.48 M and 0.55 M
            "jcarsr-lite-x2": {"scale": 2, **_LITE},
            "jcarsr-lite-x4": {"scale": 4, **_LITE},
            **_ABLATED,
            **_LITE_ABLATED,
        },
        parameters={
            "jcarsr-x2": 10_102_933,
            "jcarsr-x4": 10_398_357,
            "jcarsr-lite-x2": 477_297,
            "jcarsr-lite-x4": 551_281,
            **_ABLATED_PARAMETERS,
            **_LITE_ABLATED_PARAMETERS,
        },
    ),
    "edsr": _enlarger(
        "edsr",
        "EDSR",
        lite={"channels": 48, "num_blocks": 9},
        parameters=(40_729_627, 43_089_947, 480_699, 563_835),
    ),
    "rdn": _enlarger(
        "rdn",
        "RDN",
        lite={"channels": 32, "num_blocks": 4, "num_layers": 8, "growth": 16},
        parameters=(22_123_395, 22_271_107, 469_075, 478_355),
    ),
    "rcan": _enlarger(
        "rcan",
        "RCAN",
        lite={"channels": 32, "num_groups": 5, "num_blocks": 4, "reduction": 8},
        parameters=(15_444_667, 15_592_379, 470_027, 507_019),
    ),
    "mdcn": _enlarger(
        "mdcn",
        "MDCN",
        lite={"channels": 40, "inner_channels": 30, "num_blocks": 4, "reduction": 6},
        parameters=(13_116_897, 13_706_721, 478_032, 535_632),
    ),
    "swinir": _enlarger(
        "swinir",
        "SwinIR",
        lite={"channels": 48, "num_groups": 2, "drop_path": 0.0},
        parameters=(11_752_487, 11_900_199, 484_763, 632_475),
    ),
    "drct": _enlarger(
        "drct",
        "DRCT",
        lite={"channels": 48, "num_groups": 1, "growth": 16, "drop_path": 0.0},
        parameters=(13_991_867, 14_139_579, 465_943, 613_655),
    ),
    "hma": _enlarger(
        "hma",
        "HMA",
        lite={
            "channels": 32,
            "num_heads": 4,
            "num_groups": 2,
            "num_layers": 2,
            "drop_path": 0.0,
        },
        parameters=(69_722_675, 69_870_387, 471_315, 619_027),
    ),
    "rrdbnet": _enlarger(
        "rrdbnet",
        "RRDBNet",
        lite={"channels": 36, "num_blocks": 4, "growth": 8},
        parameters=(16_703_171, 16_697_987, 482_787, 479_871),
    ),
    # Artifact removal at the input's size: the JCARSR paper's Tables 2 and 3.
    "arcnn": Architecture(
        module="jcarsr.networks.arcnn",
        network="ARCNN",
        config="ARCNNConfig",
        presets={"arcnn": {}},
        parameters={"arcnn": 106_561},
    ),
    "dncnn": Architecture(
        module="jcarsr.networks.dncnn",
        network="DnCNN",
        config="DnCNNConfig",
        presets={"dncnn3": {}},
        parameters={"dncnn3": 665_921},
    ),
    "fbcnn": Architecture(
        module="jcarsr.networks.fbcnn",
        network="FBCNN",
        config="FBCNNConfig",
        presets={"fbcnn": {}, "fbcnn-lite": {"channels": 6, "num_blocks": 3, "skip": True}},
        parameters={"fbcnn": 71_921_796, "fbcnn-lite": 482_488},
    ),
    "qgcn": Architecture(
        module="jcarsr.networks.qgcn",
        network="QGCN",
        config="QGCNConfig",
        presets={
            "qgcn": {},
            "qgcn-y": {"colour": False},
            "qcn": {"global_branch": False},
            "qcn-y": {"colour": False, "global_branch": False},
            "qgcn-lite": _QGCN_LITE,
        },
        parameters={
            "qgcn": 12_305_472,
            "qgcn-y": 12_301_568,
            "qcn": 4_973_312,
            "qcn-y": 4_970_432,
            "qgcn-lite": 479_720,
        },
    ),
    "jdec": Architecture(
        module="jcarsr.networks.jdec",
        network="JDEC",
        config="JDECConfig",
        presets={"jdec": {"interleaved": True}, "jdec-lite": _JDEC_LITE},
        parameters={"jdec": 38_912_035, "jdec-lite": 487_419},
    ),
}
"""Name of an architecture -> where it is and its presets."""

PRESETS: dict[str, Preset] = {
    name: Preset(architecture, config)
    for architecture, entry in ARCHITECTURES.items()
    for name, config in entry.presets.items()
}
"""Name of a size -> the network; the names of `jcarsr train --preset`."""


def build(architecture: str, config: Config) -> Network:
    """The untrained network; its starting values come from PyTorch's global generator.

    Args:
        architecture: a key of ARCHITECTURES.
        config: fields of its config class.

    Raises:
        ValueError: no such architecture or field, or a value from which none can be built.
    """
    entry = ARCHITECTURES.get(architecture)
    if entry is None:
        raise ValueError(f"{architecture!r}: no such network, there are {', '.join(ARCHITECTURES)}")
    module = import_module(entry.module)
    try:
        return getattr(module, entry.network)(getattr(module, entry.config)(**config))
    except TypeError as error:  # an unknown field, or a size that is no number
        raise ValueError(f"{architecture}: {error}") from error


def build_preset(name: str) -> Network:
    """The untrained network of a preset.

    Raises:
        KeyError: no such preset.
    """
    preset = PRESETS[name]
    return build(preset.architecture, preset.config)


def preset_facts(name: str) -> NetworkFacts:
    """What is known of a preset's network, which is built without memory for it.

    Raises:
        KeyError: no such preset.
    """
    with import_module("torch").device("meta"):
        return build_preset(name).facts
