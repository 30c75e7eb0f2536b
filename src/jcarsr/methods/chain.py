"""Methods one after the other: artifacts first and then size, or the other way round."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import product
from math import prod

from jcarsr.degradation.steps import Jpeg
from jcarsr.degradation.words import parse_step
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.method import Method
from jcarsr.pixels import Pixels

PREFIX = "chain:"
"""Stands before the names of a chain, which have + between."""


def chain(methods: Sequence[Method]) -> Method:
    """A method that gives each one's result to the next, in 8 bits, as files between them would.

    With the pixels goes what is known of their last save: a network that reads tables has those of
    the small JPEG, wherever in the chain it stands, or those of a save within the chain (`save`).
    """

    def restore(decoded: Decoded) -> Pixels:
        for method in methods:
            last_save = method.saves(decoded) if method.saves else decoded.last_save
            decoded = Decoded(pixels=method.restore(decoded), last_save=last_save)
        return decoded.pixels

    libraries = [method.library for method in methods if method.library != "numpy"]
    return Method(
        name=" + ".join(method.name for method in methods),
        scale=prod(method.scale for method in methods),
        restore=restore,
        sha256=_hash(methods),
        library=libraries[-1] if libraries else "numpy",
    )


def _hash(methods: Sequence[Method]) -> str | None:
    """Of the parts' hashes, and of the names of those without; None if no part has one."""
    if not any(method.sha256 for method in methods):
        return None
    parts = "\n".join(method.sha256 or method.name for method in methods)
    return hashlib.sha256(parts.encode()).hexdigest()


def save(word: str) -> Method:
    """A method that saves the pixels as a JPEG once more: `jpeg100`, `jpeg90/444`.

    The JCARSR paper does not say how JDEC, which decodes JPEGs, comes after an enlargement; this
    is how we do it, with quality 100.

    Raises:
        ValueError: the word is no such step of a history.
    """
    step = parse_step(word)
    if not isinstance(step, Jpeg):
        raise ValueError(f"{word}: not a JPEG")
    last_save = step.last_save
    return Method(
        name=word,
        scale=1,
        restore=lambda decoded: step(decoded.pixels),
        saves=lambda decoded: last_save,
        library="pillow",
    )


def share_scale(scales: Sequence[Sequence[int]], scale: int) -> tuple[int, ...] | None:
    """What each of several methods shall enlarge by, None if they cannot reach `scale` together.

    Where there are several ways, those that come first do least: artifacts are removed first.

    >>> share_scale([(1,), (2, 4)], 4)
    (1, 4)
    >>> share_scale([(1, 2), (1, 2)], 2)
    (1, 2)
    """
    ways = product(*map(sorted, scales))
    return next((way for way in ways if prod(way) == scale), None)


def split_names(text: str) -> list[str]:
    """The names in what follows `PREFIX`.

    Raises:
        ValueError: fewer than two, or an empty one.
    """
    names = text.split("+")
    if len(names) < 2 or not all(names):
        raise ValueError(f"{PREFIX}{text}: give two names or more with + between")
    return names
