"""The OpenVINO engine: the quickest on CPUs with bfloat16, no PyTorch."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from jcarsr.engines.base import EngineOptions
from jcarsr.engines.graph_files import IDENTITY, Graphs
from jcarsr.errors import MemoryLimitError
from jcarsr.pixels import Planes, Tables
from jcarsr.protocols import Output, Precision

_CORE: Any = openvino.Core()  # comes with few types
"""The process's only one, which must not go: when two go, the older one first, signals are left
without memory to be handled on, and the process dies of the next Ctrl-C."""


class OpenVINOBackend:
    """OpenVINO on the CPU; auto precision is bfloat16 where the CPU computes in it.

    On Set14 (lite x2, QF 10, 40 and 80) that moves at most 0.03 % of the values by more than one
    level, and none by more than three. int8 takes bfloat16 for the rest, too.
    """

    def __init__(self, options: EngineOptions) -> None:
        self._options = options

    def open(self, path: Path, output: Output) -> OpenVINOEngine:
        """Load the graph beside a weight file.

        Raises:
            WeightsError: the file or the graph is damaged, or the graph is missing or another's.
        """
        precision, threads = self._options.precision, self._options.threads
        return OpenVINOEngine(path, output, precision, threads)


class OpenVINOEngine:
    """One output of a network in OpenVINO.

    Args:
        path: the weight file; the graphs lie beside it.
        output: which.
        precision: auto is bfloat16 where the CPU computes in it.
        threads: None = one a core.

    Raises:
        WeightsError: the file or the graph is damaged, or the graph is missing or another's.
    """

    def __init__(
        self,
        path: Path,
        output: Output = "sr",
        precision: Precision = "auto",
        threads: int | None = None,
    ) -> None:
        low = precision == "bfloat16" or (precision in ("auto", "int8") and computes_bfloat16())
        self._kind = _Kind(int8=precision == "int8", low_precision=low)
        self._graphs, self._threads = Graphs(path, output), threads
        self._compiled: dict[_Kind, Any] = {}
        self._lock = threading.Lock()
        self._network(self._kind)

    @property
    def scale(self) -> int:
        """Output size over input size."""
        return self._graphs.scale

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that `run` takes for each pixel of its input, about and rather too much."""
        return self._graphs.bytes_per_pixel

    def run(
        self, lq: Planes, *, full_precision: bool = False, tables: Tables | None = None
    ) -> Planes:
        """(1, 3, H, W) float32 RGB in [0, 1] -> (1, 3, scale * H, scale * W) float32.

        `tables` is not read: no graph does.

        Raises:
            MemoryLimitError: not enough memory for an input of this size.
        """
        network = self._network(_FULL if full_precision else self._kind)
        try:
            # a request of its own: several threads, and memory goes with it
            result = network.create_infer_request().infer({0: lq})[0]
        except (MemoryError, RuntimeError) as error:
            if not isinstance(error, MemoryError) and "alloc" not in str(error):
                raise
            height, width = lq.shape[2:]
            raise MemoryLimitError(f"not enough memory for a tile of {width}x{height}") from error
        return np.array(result, dtype=np.float32)

    def _network(self, kind: _Kind) -> Any:
        """The compiled network, when it is first needed."""
        with self._lock:
            if kind not in self._compiled:
                settings = {
                    "INFERENCE_PRECISION_HINT": "bf16" if kind.low_precision else "f32",
                    "PERFORMANCE_HINT": "LATENCY",
                    "INFERENCE_NUM_THREADS": self._threads or 0,
                }
                model = self._graphs.open(kind.int8, self._loaded)
                self._compiled[kind] = _CORE.compile_model(model, "CPU", settings)
            return self._compiled[kind]

    def _loaded(self, graph: Path) -> tuple[Any, str | None]:
        """A model, and for which weights its graph says it was made."""
        model, place = _CORE.read_model(graph), ["framework", IDENTITY]
        return model, model.get_rt_info(place).astype(str) if model.has_rt_info(place) else None


def computes_bfloat16() -> bool:
    """Whether this CPU has instructions for bfloat16, as OpenVINO finds."""
    return "BF16" in _CORE.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@dataclass(frozen=True)
class _Kind:
    """What a network is compiled for."""

    int8: bool  # the graph with 8 bits
    low_precision: bool  # bfloat16 for all that is not 8 bits


_FULL = _Kind(int8=False, low_precision=False)
