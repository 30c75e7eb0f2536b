"""JCARSR: small, JPEG-compressed pictures made large and clean by one network.

The public names stand in `__init__.pyi`, a line each. They are imported when they are first used,
so that `import jcarsr` is quick.
"""

import os
from importlib import import_module

# ONNX Runtime sends usage data to its maker unless this is set; set it to 0 to let it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def _read_homes() -> dict[str, str]:
    """Return each public name's module, from the lines `from MODULE import NAME as NAME`."""
    path = os.path.join(os.path.dirname(__file__), "__init__.pyi")  # pathlib would be slow to load
    with open(path, encoding="utf-8") as file:
        words = [line.split() for line in file if line.startswith("from ")]
    return {name: module for _, module, _, name, *_ in words}


_HOMES = _read_homes()
__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("jcarsr")
    if name not in _HOMES:
        raise AttributeError(f"module 'jcarsr' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModuleNotFoundError(
            f"jcarsr.{name} needs PyTorch: pip install 'jcarsr[torch]'", name="torch"
        ) from error


def __dir__() -> list[str]:
    return __all__
