"""Numbers among the properties of an XMP structure."""

from __future__ import annotations

from collections.abc import Iterable

from jcarsr.image.metadata.xmp_tree import Value

Values = dict[tuple[str, str], Value]
"""Namespace and name -> the property, of one structure."""


class Number:
    """A property that is a number."""

    def __init__(self, value: Value) -> None:
        self.value, self.number = value, float(value.text)


def numbers(values: Values, namespace: str, names: Iterable[str]) -> list[Number] | None:
    """The numbers of properties of one namespace, None if one of them is missing."""
    try:
        return [Number(values[namespace, name]) for name in names]
    except (KeyError, ValueError):
        return None


def as_text(number: float, before: str) -> str:
    """A number in few digits, as it was written if it is the same."""
    try:
        if abs(float(before) - number) < 1e-9:
            return before
    except ValueError:
        pass
    return f"{number:.6f}".rstrip("0").rstrip(".") or "0"
