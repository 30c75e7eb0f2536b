"""Checks of a network's sizes, which may come from anybody's weight file. Imports no PyTorch."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from jcarsr.protocols import NETWORK_SCALES

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {  # a truth value is no number
    "int": ((int,), "a whole number"),
    "NetworkScale": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
}


def check_types(config: Any) -> None:
    """Compare the values of a dataclass, written in a file with postponed annotations, with these.

    Raises:
        ValueError: a value is of another type; the message names the field and quotes the value.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        types, kind = _KINDS.get(str(field.type), ((), ""))
        if types and type(value) not in types:
            raise ValueError(f"{field.name} must be {kind}, got {value!r:.40}")


def check_scale(scale: int) -> None:
    """Raise a ValueError unless a network can enlarge by `scale`."""
    if scale not in NETWORK_SCALES:
        wanted = " or ".join(map(str, NETWORK_SCALES))
        raise ValueError(f"scale must be {wanted}, got {scale!r:.40}")


def whole_numbers(config: Any) -> dict[str, int]:
    """The fields of a dataclass that are declared as int, and their values."""
    return {f.name: getattr(config, f.name) for f in fields(config) if str(f.type) == "int"}
