"""The networks that a client may choose: by size, never by a file's name."""

from __future__ import annotations

from enum import StrEnum

from jcarsr.errors import WeightsError
from jcarsr.protocols import NETWORK_SCALES
from jcarsr.weights import bundled_names, crisp_name, default_name, trained_scale


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
    trained = trained_scale(scale)
    if size is NetworkSize.auto:
        return default_name(trained)
    name = f"{_PREFIXES[size]}-x{trained}"
    if name not in bundled_names():
        raise WeightsError(f"the {size} network is not trained yet for scale {scale}")
    return name


def has_crisp() -> bool:
    """Whether all scales have weights for crisp pictures."""
    return all(crisp_name(scale) is not None for scale in NETWORK_SCALES)


def is_available(size: NetworkSize) -> bool:
    """Whether all scales have a network of this size."""
    return {f"{_PREFIXES[size]}-x{scale}" for scale in NETWORK_SCALES} <= set(bundled_names())
