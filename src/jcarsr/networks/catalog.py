"""Every network by name. Imports no PyTorch: a network's own module is loaded when it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jcarsr.networks.jcarsr import presets as jcarsr_presets
from jcarsr.networks.jcarsr.presets import Config

if TYPE_CHECKING:
    from jcarsr.networks.network import Network
    from jcarsr.protocols import NetworkFacts


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


_QGCN_LITE = {
    **{"channels": 32, "num_blocks": 18, "global_channels": 4, "global_hidden": 64},
    "skip": True,
}
_JDEC_LITE = {
    **{"channels": 48, "hidden": 64, "num_groups": 2, "num_layers": 2, "heads": 4, "window": 4},
    "skip": True,
}


def _enlarger(
    name: str,
    network: str,
    *,
    lite: Config,
    lite_x4: Config | None = None,
    as_authors: Config | None = None,
    parameters: tuple[int, int, int, int],
) -> Architecture:
    """A network of one output: the paper's Table 1, and small ones with JCARSR's global skip.

    The small ones have as many parameters as jcarsr-lite-x2 and jcarsr-lite-x4, within 3 %.

    Args:
        name: of the architecture and its module.
        network: its class.
        lite: the small network's sizes.
        lite_x4: what differs of them at x4; nothing where the upsampler makes up for it.
        as_authors: what at the paper's size is as in the authors' code and not as in their paper.
        parameters: how many for x2 and x4, then of the small one for x2 and x4.
    """
    presets: dict[str, Config] = {
        f"{name}-x2": {"scale": 2, **(as_authors or {})},
        f"{name}-x4": {"scale": 4, **(as_authors or {})},
        f"{name}-lite-x2": {"scale": 2, **lite, "skip": True},
        f"{name}-lite-x4": {"scale": 4, **lite, **(lite_x4 or {}), "skip": True},
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
        presets=jcarsr_presets.PRESETS,
        parameters=jcarsr_presets.PARAMETERS,
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
        lite_x4={"channels": 40},
        parameters=(22_123_395, 22_271_107, 469_075, 539_179),
    ),
    "rcan": _enlarger(
        "rcan",
        "RCAN",
        lite={"channels": 32, "num_groups": 5, "num_blocks": 4, "reduction": 8},
        lite_x4={"num_groups": 7, "num_blocks": 3},
        parameters=(15_444_667, 15_592_379, 470_027, 544_303),
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
        lite_x4={"upsampled": 56},
        parameters=(11_752_487, 11_900_199, 484_763, 559_611),
    ),
    "drct": _enlarger(
        "drct",
        "DRCT",
        lite={"channels": 48, "num_groups": 1, "growth": 16, "drop_path": 0.0},
        lite_x4={"upsampled": 56},
        parameters=(13_991_867, 14_139_579, 465_943, 540_791),
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
        lite_x4={"upsampled": 56},
        as_authors={"row_windows": True},
        parameters=(69_722_675, 69_870_387, 471_315, 547_315),
    ),
    "rrdbnet": _enlarger(
        "rrdbnet",
        "RRDBNet",
        lite={"channels": 36, "num_blocks": 4, "growth": 8},
        lite_x4={"channels": 40},
        parameters=(16_703_171, 16_697_987, 482_787, 551_579),
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

MISSING: dict[str, str] = {
    "dan": "DAN's weights are on cloud drives alone, and the network is not written without "
    "them: bring DANv1's file for x4, its PCA matrix (441 x 10) is in it",
}
"""Networks that the paper compares with and that are not here -> what is missing."""


def check_preset(name: str) -> None:
    """Raise a ValueError unless it is one of PRESETS: what is missing of it, or which there are."""
    if name not in PRESETS:
        reason = MISSING.get(name) or f"not one of {', '.join(PRESETS)}"
        raise ValueError(f"--preset {name}: {reason}")


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
    preset = PRESETS[name]
    return _facts(preset.architecture, tuple(preset.config.items()))


@cache
def _facts(architecture: str, config: tuple[tuple[str, Any], ...]) -> NetworkFacts:
    """Once for every size: to build a large network takes most of a second, without memory, too."""
    with import_module("torch").device("meta"):
        return build(architecture, dict(config)).facts
