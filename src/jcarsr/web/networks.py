"""The networks that a client may choose: by size, never by a file's name."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from jcarsr.errors import WeightsError
from jcarsr.weights import bundled_names, default_name


class Scale(IntEnum):
    """Output size over input size; 1 = artifacts are removed and the size stays."""

    x1 = 1
    x2 = 2
    x4 = 4


class NetworkSize(StrEnum):
    """auto takes the largest network that is there for the scale."""

    auto = "auto"
    small = "small"
    large = "large"


_PREFIXES = {NetworkSize.small: "jcarsr-lite", NetworkSize.large: "jcarsr"}


def weights_name(size: NetworkSize, scale: int) -> str:
    """The bundled weights that are meant.

    Raises:
        WeightsError: the package does not bring them.
    """
    trained = 2 if scale == 1 else scale
    if size is NetworkSize.auto:
        return default_name(trained)
    name = f"{_PREFIXES[size]}-x{trained}"
    if name not in bundled_names():
        raise WeightsError(f"the {size} network is not trained yet for scale {scale}")
    return name


def is_available(size: NetworkSize) -> bool:
    """Whether all scales have a network of this size."""
    return {f"{_PREFIXES[size]}-x{scale}" for scale in (2, 4)} <= set(bundled_names())
