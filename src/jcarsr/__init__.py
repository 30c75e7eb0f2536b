"""JCARSR: small, JPEG-compressed pictures made large and clean by one network.

The names below are imported when they are first used, so that `import jcarsr` is quick.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcarsr.api import Restorer, restore
    from jcarsr.errors import (
        DataError,
        ImageError,
        JCARSRError,
        LedgerError,
        MemoryLimitError,
        PixelLimitError,
        StorageError,
        TrainingError,
        WeightsError,
    )
    from jcarsr.image import Metadata, Picture, ReadOptions, SaveOptions
    from jcarsr.metrics.protocol import EvalProtocol
    from jcarsr.networks.catalog import PRESETS
    from jcarsr.networks.jcarsr.config import JCARSRConfig
    from jcarsr.networks.jcarsr.network import JCARSR
    from jcarsr.restoring.file import Outcome
    from jcarsr.restoring.restorer import Enlarger, NetworkRestorer
    from jcarsr.restoring.target import Target

# ONNX Runtime would report to its maker, and write an identity for that; "0" lets it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "JCARSR",
    "PRESETS",
    "DataError",
    "Enlarger",
    "EvalProtocol",
    "ImageError",
    "JCARSRConfig",
    "JCARSRError",
    "LedgerError",
    "MemoryLimitError",
    "Metadata",
    "NetworkRestorer",
    "Outcome",
    "Picture",
    "PixelLimitError",
    "ReadOptions",
    "Restorer",
    "SaveOptions",
    "StorageError",
    "Target",
    "TrainingError",
    "WeightsError",
    "restore",
]

_HOMES = {
    "JCARSR": "jcarsr.networks.jcarsr.network",
    "PRESETS": "jcarsr.networks.catalog",
    "DataError": "jcarsr.errors",
    "Enlarger": "jcarsr.restoring.restorer",
    "EvalProtocol": "jcarsr.metrics.protocol",
    "ImageError": "jcarsr.errors",
    "JCARSRConfig": "jcarsr.networks.jcarsr.config",
    "JCARSRError": "jcarsr.errors",
    "LedgerError": "jcarsr.errors",
    "MemoryLimitError": "jcarsr.errors",
    "Metadata": "jcarsr.image",
    "NetworkRestorer": "jcarsr.restoring.restorer",
    "Outcome": "jcarsr.restoring.file",
    "Picture": "jcarsr.image",
    "PixelLimitError": "jcarsr.errors",
    "ReadOptions": "jcarsr.image",
    "Restorer": "jcarsr.api",
    "SaveOptions": "jcarsr.image",
    "StorageError": "jcarsr.errors",
    "Target": "jcarsr.restoring.target",
    "TrainingError": "jcarsr.errors",
    "WeightsError": "jcarsr.errors",
    "restore": "jcarsr.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'jcarsr' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
