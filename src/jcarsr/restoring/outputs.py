"""What can be made of one picture, by name, and the files that it is written to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["picture", "gradient"]
"""The restored picture, or a map of it: gradient is where the network expects edges."""


def output_paths(target: Path, kinds: Sequence[Kind]) -> dict[Kind, Path]:
    """Return the file of each output.

    Args:
        target: the file of the first kind; maps that follow it are PNG files in its folder.
        kinds: what is made, without repetition.

    >>> paths = output_paths(Path("out/a.jpg"), ("picture", "gradient"))
    >>> [path.as_posix() for path in paths.values()]
    ['out/a.jpg', 'out/a.gradient.png']
    >>> output_paths(Path("edges.png"), ("gradient",))["gradient"].as_posix()
    'edges.png'
    """
    first, *others = kinds
    return {first: target, **{kind: target.with_suffix(f".{kind}.png") for kind in others}}
