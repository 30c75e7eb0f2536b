"""What the machine is, and what it can do at best."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import torch

from jcarsr.devices import name_processor, supports_bfloat16

SIDE = 4096  # of the matrices
MATRIX_FLOPS = 2 * SIDE**3  # a multiply-add is two


def describe(threads: int) -> dict[str, Any]:
    """For every row: processor, threads and versions."""
    packages = ("jcarsr", "numpy", "onnxruntime", "openvino", "torch", "pillow")
    return {
        "processor": name_processor(),
        "instructions": _instructions(),
        "cores": len(os.sched_getaffinity(0)),
        "threads": threads,
        "versions": {"python": platform.python_version()} | {p: version(p) for p in packages},
    }


def matrix_products() -> dict[str, Callable[[], object]]:
    """Precision -> a product of square matrices by PyTorch, the machine's best; MATRIX_FLOPS."""
    products: dict[str, Callable[[], object]] = {}
    kinds = {"float32": torch.float32}
    if supports_bfloat16("cpu"):
        kinds["bfloat16"] = torch.bfloat16
    for name, kind in kinds.items():
        a, b = torch.rand(SIDE, SIDE).to(kind), torch.rand(SIDE, SIDE).to(kind)
        products[name] = lambda a=a, b=b: a @ b
    return products


def _instructions() -> str:
    """What decides which kernels the libraries take, as far as these differ in speed here."""
    vectors = torch.backends.cpu.get_cpu_capability()
    return f"{vectors} with bfloat16" if supports_bfloat16("cpu") else vectors
