"""The OpenVINO engine: the quickest on x86 CPUs, no PyTorch."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from jcarsr.errors import MemoryLimitError, WeightsError
from jcarsr.inference.engine import EngineOptions, Output
from jcarsr.inference.graphs import IDENTITY, checked_record, graph_path, output_scale, refuse_other
from jcarsr.inference.memory import network_bytes_per_pixel
from jcarsr.pixels import Planes


class OpenVINOBackend:
    """OpenVINO on the CPU; auto precision is bfloat16 where the CPU computes in it.

    On Set14 (lite x2, QF 10, 40 and 80) that moves at most 0.03 % of the values by more than one
    level, and none by more than three.
    """

    def __init__(self, options: EngineOptions) -> None:
        self._core: Any = openvino.Core()  # comes with few types
        self._threads = options.threads
        precision = options.precision
        if precision == "auto":
            able = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            precision = "bfloat16" if able else "float32"
        self._low_precision = precision == "bfloat16"

    def open(self, path: Path, output: Output) -> OpenVINOEngine:
        """Load the graph beside a weight file.

        Raises:
            WeightsError: the file or the graph is damaged, or the graph is missing or another's.
        """
        return OpenVINOEngine(
            path, output, self._threads, low_precision=self._low_precision, core=self._core
        )


class OpenVINOEngine:
    """One output of a network in OpenVINO.

    Args:
        path: the weight file; the graph lies beside it.
        output: which.
        threads: None = one a core.
        low_precision: compute in bfloat16 where float32 is not asked for.
        core: OpenVINO's own; None = a new one.

    Raises:
        WeightsError: the file or the graph is damaged, or the graph is missing or another's.
    """

    def __init__(
        self,
        path: Path,
        output: Output = "sr",
        threads: int | None = None,
        *,
        low_precision: bool = False,
        core: Any = None,
    ) -> None:
        record, graph = checked_record(path, output), graph_path(path, output)
        self._core = core or openvino.Core()
        try:
            self._model = self._core.read_model(graph)
        except RuntimeError as error:
            raise WeightsError(f"{graph}: cannot be loaded ({_last_line(error)})") from error
        refuse_other(graph, self._said(), record, output)
        self._scale, self._channels = output_scale(record, output), record.config.channels
        self._threads, self._low_precision = threads, low_precision
        self._compiled: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._network("bf16" if low_precision else "f32")

    @property
    def scale(self) -> int:
        """Output size over input size."""
        return self._scale

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that `run` takes for each pixel of its input, about and rather too much."""
        return network_bytes_per_pixel(self._channels, self._scale)

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        """(1, 3, H, W) float32 RGB in [0, 1] -> (1, 3, scale * H, scale * W) float32.

        Raises:
            MemoryLimitError: not enough memory for an input of this size.
        """
        network = self._network("bf16" if self._low_precision and not full_precision else "f32")
        try:
            # a request of its own: several threads, and memory goes with it
            result = network.create_infer_request().infer({0: lq})[0]
        except (MemoryError, RuntimeError) as error:
            if not isinstance(error, MemoryError) and "alloc" not in str(error):
                raise
            height, width = lq.shape[2:]
            raise MemoryLimitError(f"not enough memory for a tile of {width}x{height}") from error
        return np.array(result, dtype=np.float32)

    def _said(self) -> str | None:
        """For which weights the graph says it was made."""
        place = ["framework", IDENTITY]
        return (
            self._model.get_rt_info(place).astype(str) if self._model.has_rt_info(place) else None
        )

    def _network(self, precision: str) -> Any:
        """The network compiled for a precision, when it is first needed."""
        with self._lock:
            if precision not in self._compiled:
                settings = {
                    "INFERENCE_PRECISION_HINT": precision,
                    "PERFORMANCE_HINT": "LATENCY",
                    "INFERENCE_NUM_THREADS": self._threads or 0,
                }
                self._compiled[precision] = self._core.compile_model(self._model, "CPU", settings)
            return self._compiled[precision]


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
