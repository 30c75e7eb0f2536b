"""The weights that the package brings, and weights by name or path."""

from __future__ import annotations

from pathlib import Path

from jcarsr.errors import WeightsError

PRETRAINED = Path(__file__).parent.parent / "pretrained"
"""The weights that the package brings."""


def find(name_or_path: str) -> Path:
    """The file of weights given by the name of bundled ones or by a path.

    Raises:
        WeightsError: neither; the message lists the bundled names.
    """
    bundled = PRETRAINED / f"{name_or_path}.safetensors"
    if name_or_path in bundled_names():
        return bundled
    if Path(name_or_path).is_file():
        return Path(name_or_path)
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
    for name in (f"jcarsr-x{scale}", f"jcarsr-lite-x{scale}"):
        if name in bundled_names():
            return name
    raise WeightsError(f"no bundled weights for scale {scale}")


def crisp_name(scale: int) -> str | None:
    """The bundled weights for crisp pictures at a scale, None if there are none."""
    names = (f"jcarsr-crisp-x{scale}", f"jcarsr-crisp-lite-x{scale}")
    return next((name for name in names if name in bundled_names()), None)


def web_name(scale: int) -> str | None:
    """The bundled weights for pictures that were saved repeatedly, None if there are none."""
    names = (f"jcarsr-web-x{scale}", f"jcarsr-web-lite-x{scale}")
    return next((name for name in names if name in bundled_names()), None)
