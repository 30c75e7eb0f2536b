"""The weights that the package brings, and weights by name or path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeAlias

from jcarsr.errors import WeightsError
from jcarsr.networks.catalog import MISSING

PRETRAINED = Path(__file__).parent.parent / "pretrained"
"""The folder of the weights that the package brings."""

Size: TypeAlias = Literal["small", "large"]
"""Of a network: 0.5 M parameters, or the paper's 10 M."""

Use: TypeAlias = Literal["once", "web", "crisp"]
"""What weights are for: pictures saved once or repeatedly, or crisp results."""


def weights_name(size: Size, scale: int, use: Use = "once") -> str:
    """Return the name of JCARSR's weights, bundled or not.

    >>> weights_name("large", 2), weights_name("small", 4, "web")
    ('jcarsr-x2', 'jcarsr-web-lite-x4')
    """
    kind = "" if use == "once" else f"-{use}"
    return f"jcarsr{kind}{'-lite' if size == 'small' else ''}-x{scale}"


def lasting_name(name_or_path: str) -> str:
    """What names the same weights later, whatever folder the process has gone to.

    Raises:
        WeightsError: as `find`.
    """
    path = find(name_or_path)
    return name_or_path if name_or_path in bundled_names() else os.path.abspath(path)


def find(name_or_path: str) -> Path:
    """The file of weights given by the name of bundled ones or by a path.

    Raises:
        WeightsError: neither; the message lists the bundled names, or says why there are none.
    """
    bundled = PRETRAINED / f"{name_or_path}.safetensors"
    if name_or_path in bundled_names():
        return bundled
    if Path(name_or_path).is_file():
        return Path(name_or_path)
    if name_or_path in MISSING:
        raise WeightsError(f"{name_or_path}: {MISSING[name_or_path]}")
    names = ", ".join(bundled_names()) or "none"
    raise WeightsError(f"{name_or_path}: no such weight file, nor bundled weights ({names})")


def bundled_names() -> list[str]:
    """Names of the weights that the package brings."""
    return sorted(path.stem for path in PRETRAINED.glob("*.safetensors"))


def default_name(scale: int) -> str:
    """The bundled weights for a scale: the paper's network if it is there, else the small one.

    Raises:
        WeightsError: none for this scale.
    """
    name = _largest_name(scale, "once")
    if name is None:
        raise WeightsError(f"no bundled weights for scale {scale}")
    return name


def crisp_name(scale: int) -> str | None:
    """The bundled weights for crisp pictures at a scale, None if there are none."""
    return _largest_name(scale, "crisp")


def web_name(scale: int) -> str | None:
    """The bundled weights for pictures that were saved repeatedly, None if there are none."""
    return _largest_name(scale, "web")


def _largest_name(scale: int, use: Use) -> str | None:
    names = (weights_name("large", scale, use), weights_name("small", scale, use))
    return next((name for name in names if name in bundled_names()), None)
