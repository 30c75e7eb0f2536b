"""What a weight file says of itself. Imports no PyTorch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, cast

from jcarsr.errors import WeightsError
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.protocols import NetworkFacts, Output

FORMAT = "jcarsr-2"
"""What `write` stores."""

FORMAT_1 = "jcarsr-1"
"""Of version 0.1: a JCARSR, whose record has its config alone."""

_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("name", "architecture", "licence", "sha256"), (str, "a text")),
    **dict.fromkeys(("config", "facts", "recipe", "training", "scores"), (dict, "an object")),
    "data": (list, "a list"),
}
_LARGEST = 4096  # of a network's sizes: with larger ones it would never be built
_DEEPEST = 16  # lists and objects within each other in a field of a record
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a weight file says of itself."""

    name: str
    """For example jcarsr-lite-x2."""
    architecture: str
    """A key of the catalogue of networks."""
    config: dict[str, Any]
    """Fields of the architecture's config class."""
    facts: NetworkFacts
    recipe: dict[str, Any] = field(default_factory=dict[str, Any])
    """Settings of the training."""
    data: list[str] = field(default_factory=list[str])
    """What it was trained on."""
    training: dict[str, Any] = field(default_factory=dict[str, Any])
    """Steps, minutes, device."""
    scores: dict[str, Any] = field(default_factory=dict[str, Any])
    """Set, scale, qf -> PSNR, SSIM."""
    licence: str = ""
    sha256: str = ""
    """Of the tensors; filled in by `write`."""


def parse_record(said: Any, version: str) -> Record:
    """The record in a parsed JSON text, which may hold anything, of a file of that format.

    Raises:
        ValueError: a field is of another type than it should be, or nested too deeply.
        TypeError: a field is missing or there is one too many.
    """
    if not isinstance(said, dict):
        raise ValueError("not an object")
    fields: dict[str, Any] = dict(said)  # pyright: ignore[reportUnknownArgumentType]
    for name, value in fields.items():
        expected, kind = _TYPES.get(name, (object, ""))
        if not isinstance(value, expected):
            raise ValueError(f"{name} must be {kind}, got {type(value).__name__}")
        if _depth(value) > _DEEPEST:
            raise ValueError(f"{name} is nested too deeply")
    config: dict[str, Any] = fields["config"]
    for name, value in config.items():
        if isinstance(value, int | float) and value > _LARGEST:
            raise ValueError(f"{name} {value} is too large")
    if version == FORMAT_1 or fields["architecture"] == "jcarsr":
        fields |= JCARSRConfig(**config).describe()
    else:
        facts = NetworkFacts.from_json(fields["facts"])
        if facts.scale != config.get("scale", 1):  # of networks that keep the size it has none
            raise ValueError(f"facts say scale {facts.scale}, config {config.get('scale', 1)!r}")
        fields["facts"] = facts
    if not all(isinstance(text, str) for text in fields.get("data", [])):
        raise ValueError("data must be a list of texts")
    record = Record(**fields)
    if not _SHA256.fullmatch(record.sha256):
        raise ValueError(f"sha256 must be 64 hexadecimal digits, got {record.sha256!r:.40}")
    return record


def _depth(value: Any) -> int:
    """How many lists and objects lie within each other, at most `_DEEPEST` + 1."""
    level: list[Any] = [value]
    for depth in range(_DEEPEST + 1):
        inner: list[Any] = []
        for item in level:
            inner += item.values() if isinstance(item, dict) else ()
            inner += cast(list[Any], item) if isinstance(item, list) else ()
        if not inner:
            return depth
        level = inner
    return _DEEPEST + 1


def check_output(record: Record, output: Output) -> None:
    """Raise a WeightsError unless the network has this output; the message names what it lacks."""
    if output not in record.facts.outputs:
        lacks = {"lr": "cleans without enlarging", "gradient": "predicts edges", "sr": "enlarges"}
        raise WeightsError(f"{record.name}: no part of this network {lacks[output]}")
