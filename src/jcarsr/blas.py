"""One thread for numpy's matrix products, whose own threads would fight with an engine's."""

from __future__ import annotations

import functools
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import threadpoolctl  # pyright: ignore[reportMissingTypeStubs]


@contextmanager
def one_blas_thread() -> Generator[None]:
    """Let numpy multiply matrices in the caller's thread alone; the number is put back at the end.

    OpenBLAS's threads spin for a while after each product and take cores from ONNX Runtime: with
    one thread a picture takes a fifth less time on two cores. The number is the process's: of
    several threads that call this the first sets it, and the last one's end puts it back.
    PyTorch's own OpenBLAS (on ARM) and other libraries keep their threads.
    """
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()


class _Limit:
    """The process's limit, and how many want it."""

    def __init__(self) -> None:
        self._lock, self._count, self._set = threading.Lock(), 0, None

    def enter(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._set: Any = _numpys_blas().limit(limits=1)
                _let_any_thread_set()

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            if not self._count:
                self._set.restore_original_limits()
                _let_any_thread_set()


_LIMIT = _Limit()


def _let_any_thread_set() -> None:
    """Take the number from the thread that set it: another one may put it back."""
    threadpoolctl.OpenBLASController.clear_controlling_thread(force=True)


@functools.cache
def _numpys_blas() -> Any:
    """Control of what numpy's wheels bring; of nothing if numpy computes by other means."""
    controller: Any = threadpoolctl.ThreadpoolController()  # comes without types
    paths = [found["filepath"] for found in controller.info()]
    return controller.select(filepath=[path for path in paths if "numpy" in path])
