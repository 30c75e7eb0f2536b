"""JCARSR: small, JPEG-compressed pictures made large and clean by one network.

The names below are imported when they are first used, so that `import jcarsr` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcarsr.api import load, restore
    from jcarsr.errors import DataError, ImageError, JCARSRError, TrainingError, WeightsError
    from jcarsr.inference.restorer import NetworkRestorer, Restorer
    from jcarsr.metrics.protocol import EvalProtocol
    from jcarsr.model.config import PRESETS, JCARSRConfig
    from jcarsr.model.jcarsr import JCARSR

__all__ = [
    "JCARSR",
    "PRESETS",
    "DataError",
    "EvalProtocol",
    "ImageError",
    "JCARSRConfig",
    "JCARSRError",
    "NetworkRestorer",
    "Restorer",
    "TrainingError",
    "WeightsError",
    "load",
    "restore",
]

_HOMES = {
    "JCARSR": "jcarsr.model.jcarsr",
    "PRESETS": "jcarsr.model.config",
    "DataError": "jcarsr.errors",
    "EvalProtocol": "jcarsr.metrics.protocol",
    "ImageError": "jcarsr.errors",
    "JCARSRConfig": "jcarsr.model.config",
    "JCARSRError": "jcarsr.errors",
    "NetworkRestorer": "jcarsr.inference.restorer",
    "Restorer": "jcarsr.inference.restorer",
    "TrainingError": "jcarsr.errors",
    "WeightsError": "jcarsr.errors",
    "load": "jcarsr.api",
    "restore": "jcarsr.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'jcarsr' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
