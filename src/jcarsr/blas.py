"""One thread for numpy's matrix products, whose own threads would fight with an engine's."""

from __future__ import annotations

import functools
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import threadpoolctl  # pyright: ignore[reportMissingTypeStubs]


@contextmanager
def one_blas_thread() -> Generator[None]:
    """Let numpy multiply matrices in the caller's thread alone; the number is put back at the end.

    OpenBLAS's threads spin for a while after each product and take cores from ONNX Runtime: with
    one thread a picture takes a fifth less time on two cores. The number is the process's. If
    several threads call this, the first decides, and its end puts the number back for all.
    PyTorch's own OpenBLAS (on ARM) and other libraries keep their threads.
    """
    with _numpys_blas().limit(limits=1):
        yield


@functools.cache
def _numpys_blas() -> Any:
    """Control of what numpy's wheels bring; of nothing if numpy computes by other means."""
    controller: Any = threadpoolctl.ThreadpoolController()  # comes without types
    paths = [found["filepath"] for found in controller.info()]
    return controller.select(filepath=[path for path in paths if "numpy" in path])
