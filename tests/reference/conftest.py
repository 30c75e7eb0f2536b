"""Others' code and weights to compare with; every test is skipped where they are absent.

`pip install --no-deps spandrel einops` brings the code. Files are found through environment
variables: JCARSR_WEIGHTS is a folder with `DnCNN3.mat`, `arcnn_q40.mat`, `arcnn_147.jpg` and
`arcnn_147_q40.png` of their authors, JCARSR_TESTS one with the folder `Set5`.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def architecture(name: str) -> Any:
    """spandrel's architecture, imported with empty modules in torchvision's place.

    Only two architectures that are not compared with use it.
    """
    for package in ("spandrel", "einops"):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    if "torchvision" not in sys.modules and find_spec("torchvision") is None:
        for module in ("torchvision", "torchvision.transforms"):
            sys.modules[module] = ModuleType(module)
        functional: Any = ModuleType("torchvision.transforms.functional")
        functional.InterpolationMode = functional.rotate = functional.normalize = None
        sys.modules[functional.__name__] = functional
    return import_module(f"spandrel.architectures.{name}")


def given_file(variable: str, name: str) -> Path:
    """A file or folder in the folder that an environment variable names."""
    path = Path(os.environ.get(variable, ".")) / name
    if variable not in os.environ or not path.exists():
        pytest.skip(f"{variable} names no folder with {name}")
    return path
