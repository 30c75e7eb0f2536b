"""How finely a JPEG keeps its chroma, by the usual names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Subsampling: TypeAlias = Literal["4:2:0", "4:2:2", "4:4:4"]
"""What `codec.encode` writes; files may have others."""

_NAMES: dict[tuple[float, float], str] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
}


def subsampling_name(factors: Sequence[tuple[int, int]]) -> str:
    """The usual name for sampling factors (across, down), one pair a component (T.81, A.1.1).

    "grey" for one component, "other" where chroma has no usual name.

    >>> subsampling_name([(2, 2), (1, 1), (1, 1)])
    '4:2:0'
    """
    if len(factors) == 1:
        return "grey"
    (across, down), *others = factors
    coarse = others[:2]
    if any(pair != coarse[0] for pair in coarse) or any(pair != factors[0] for pair in others[2:]):
        return "other"
    ratio = (across / max(coarse[0][0], 1), down / max(coarse[0][1], 1))
    return _NAMES.get(ratio, "other")
