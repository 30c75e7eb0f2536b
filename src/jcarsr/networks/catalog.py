"""Every network by name. Imports no PyTorch: a network's own module is loaded when it is built."""

from __future__ import annotations

from collections.abc import Mapping
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

    module: str  # has the class `network` and the dataclass `config`
    network: str
    config: str
    presets: Mapping[str, Config]
    parameters: Mapping[str, int]  # preset -> how many; counting takes PyTorch, as its test does


@dataclass(frozen=True)
class Preset:
    """A network of a named size."""

    architecture: str  # a key of ARCHITECTURES
    config: Config = field(default_factory=dict[str, Any])

    @property
    def scale(self) -> int:
        """Output size over input size; 1 of networks that only remove artifacts."""
        return self.config.get("scale", 1)


_LITE = {"channels": 32, "num_groups": 2, "sr_blocks": 3, "jcar_blocks": 1}
_RCAN_LITE = {"channels": 32, "num_groups": 5, "num_blocks": 4, "reduction": 8, "skip": True}
_QGCN_LITE = {
    **{"channels": 32, "num_blocks": 18, "global_channels": 4, "global_hidden": 64},
    "skip": True,
}
_JDEC_LITE = {
    **{"channels": 48, "hidden": 64, "num_groups": 2, "num_layers": 2, "heads": 4, "window": 4},
    "skip": True,
}

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
        },
        parameters={
            "jcarsr-x2": 10_102_933,
            "jcarsr-x4": 10_398_357,
            "jcarsr-lite-x2": 477_297,
            "jcarsr-lite-x4": 551_281,
        },
    ),
    "edsr": Architecture(
        module="jcarsr.networks.edsr",
        network="EDSR",
        config="EDSRConfig",
        presets={
            # the paper's Table 1: 40.73 M and 43.09 M
            "edsr-x2": {"scale": 2},
            "edsr-x4": {"scale": 4},
            # 0.48 M at x2, with JCARSR's global skip connection
            "edsr-lite-x2": {"scale": 2, "channels": 48, "num_blocks": 9, "skip": True},
            "edsr-lite-x4": {"scale": 4, "channels": 48, "num_blocks": 9, "skip": True},
        },
        parameters={
            "edsr-x2": 40_729_627,
            "edsr-x4": 43_089_947,
            "edsr-lite-x2": 480_699,
            "edsr-lite-x4": 563_835,
        },
    ),
    "rcan": Architecture(
        module="jcarsr.networks.rcan",
        network="RCAN",
        config="RCANConfig",
        presets={
            # the paper's Table 1: 15.44 M and 15.59 M
            "rcan-x2": {"scale": 2},
            "rcan-x4": {"scale": 4},
            # 0.47 M at x2, with JCARSR's global skip connection
            "rcan-lite-x2": {"scale": 2, **_RCAN_LITE},
            "rcan-lite-x4": {"scale": 4, **_RCAN_LITE},
        },
        parameters={
            "rcan-x2": 15_444_667,
            "rcan-x4": 15_592_379,
            "rcan-lite-x2": 470_027,
            "rcan-lite-x4": 507_019,
        },
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
