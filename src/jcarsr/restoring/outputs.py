"""What can be made of one picture, by name, and the files that it is written to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

MapKind: TypeAlias = Literal["picture", "gradient", "detail"]
"""The restored picture, or a map of it: gradient is where the network expects edges, detail where
the picture departs from the faithful one and from what its JPEG says."""

Kind: TypeAlias = MapKind | Literal["side", "html"]
"""Those, or a comparison with the enlarged input: side is one picture of two halves, html a page
with a slider."""

BESIDE: tuple[Kind, ...] = ("gradient", "detail", "side", "html")
"""All but the picture, which are files beside it."""

_ENDINGS: dict[Kind, str] = {"html": ".compare.html"}  # others end in .KIND.png


def output_paths(target: Path, kinds: Sequence[Kind]) -> dict[Kind, Path]:
    """Return the file of each output.

    Args:
        target: the file of the first kind; others that follow it are files in its folder.
        kinds: what is made, without repetition.

    >>> paths = output_paths(Path("out/a.jpg"), ("picture", "gradient"))
    >>> [path.as_posix() for path in paths.values()]
    ['out/a.jpg', 'out/a.gradient.png']
    >>> output_paths(Path("edges.png"), ("gradient",))["gradient"].as_posix()
    'edges.png'
    """
    first, *others = kinds
    return {
        first: target,
        **{kind: target.with_suffix(_ENDINGS.get(kind, f".{kind}.png")) for kind in others},
    }
