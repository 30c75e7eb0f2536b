"""Networks trained on pictures in [0, 255], as the authors of EDSR, RCAN and MDCN train them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jcarsr.weights import Tensors

_LEVELS = 255


def is_of_levels(tensors: Tensors) -> bool:
    """Whether the mean colour that a network subtracts is in [0, 255]: one in [0, 1] is below 1."""
    mean = tensors.get("sub_mean.bias")
    return mean is not None and bool((np.abs(mean) > 1).any())


def to_unit_range(tensors: Tensors) -> Tensors:
    """The tensors of the same network for pictures in [0, 1].

    The shift by the mean colour multiplies by 255, too, and the one at the end divides by it.
    All layers between them keep the values for which they were trained: of some, such as the
    attention over channels, a smaller input would give more than a smaller output.

    Args:
        tensors: those of a network `is_of_levels`, with both shifts.
    """
    changed: dict[str, Any] = {
        "sub_mean.weight": tensors["sub_mean.weight"] * _LEVELS,
        "add_mean.weight": tensors["add_mean.weight"] / _LEVELS,
        "add_mean.bias": tensors["add_mean.bias"] / _LEVELS,
    }
    return {**tensors, **changed}
