"""The border between pictures and networks: what an engine must do. Imports no engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jcarsr.errors import MemoryLimitError
from jcarsr.pixels import Planes, Tables
from jcarsr.protocols import Device, EngineName, Output, Precision


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """How networks are run. Results of all choices agree within a level."""

    engine: EngineName = "auto"
    device: Device = "auto"
    gpu: int | None = None
    """Which of CUDA's, from 0; None = the first."""
    precision: Precision = "auto"
    threads: int | None = None
    """Of the CPU; None = see `default_threads`."""


def default_threads() -> int | None:
    """Return the threads that the environment asks for, None if it does not.

    PyTorch reads OMP_NUM_THREADS by itself, the other libraries do not.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(asked) or None if asked.isdecimal() else None


class Engine(Protocol):
    """A loaded network on some device, for one of its outputs."""

    @property
    def scale(self) -> int:
        """Output size over input size."""
        ...

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that `run` takes for each pixel of its input, an upper estimate."""
        ...

    def run(
        self, lq: Planes, *, full_precision: bool = False, tables: Tables | None = None
    ) -> Planes:
        """Restore one picture or tile. Must be callable from several threads.

        (1, 3, H, W) float32 RGB in [0, 1] -> (1, 3, scale * H, scale * W) float32, not clamped

        Args:
            lq: the input.
            full_precision: compute in float32, also where the engine computes otherwise.
            tables: of the input's last save, for networks that read them.

        Raises:
            MemoryLimitError: not enough memory for an input of this size.
            DeviceError: the device computes no more.
        """
        ...


def out_of_memory(error: Exception, lq: Planes) -> MemoryLimitError | None:
    """Return what an engine raises in place of a library's error, None if memory is not the cause.

    The libraries have no class of errors for it on the CPU, where only their text says so;
    PyTorch has one for GPUs.

    Args:
        error: as the library raised it.
        lq: the input that it was given.
    """
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if not named and "alloc" not in str(error):
        return None
    height, width = lq.shape[2:]
    return MemoryLimitError(f"not enough memory for a tile of {width}x{height}")


class Backend(Protocol):
    """A library that runs networks, with its device and settings."""

    def open(self, path: Path, output: Output) -> Engine:
        """Load a weight file's network, checked, for one of its outputs.

        Raises:
            WeightsError: the file is damaged, or this library cannot run it.
        """
        ...
