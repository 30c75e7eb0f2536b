"""Numbers among the properties of an XMP structure."""

from __future__ import annotations

from collections.abc import Iterable

from jcarsr.image.metadata.xmp_tree import Value

Values = dict[tuple[str, str], Value]
"""Namespace and name -> the property, of one structure."""


_LARGEST = 1e9  # no place, size or resolution is larger


class Number:
    """A property that is a number.

    Raises:
        ValueError: as `parse_number`.
    """

    def __init__(self, value: Value) -> None:
        self.value, self.number = value, parse_number(value.text)


def parse_number(text: str) -> float:
    """The number that a text is.

    Raises:
        ValueError: it is none, is not finite, or is too large to be a place or size.
    """
    number = float(text)
    if not abs(number) <= _LARGEST:  # so that not-a-number is refused, too
        raise ValueError(f"{text}: too large")
    return number


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
