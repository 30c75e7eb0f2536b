"""The ONNX Runtime engine: any CPU, no PyTorch."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import onnxruntime as ort  # pyright: ignore[reportMissingTypeStubs]

from jcarsr.engines.base import EngineOptions
from jcarsr.engines.graph_files import IDENTITY, Graphs
from jcarsr.errors import MemoryLimitError
from jcarsr.pixels import Planes, Tables
from jcarsr.protocols import Output, Precision


class OnnxBackend:
    """ONNX Runtime on the CPU, in float32 or int8."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options

    def open(self, path: Path, output: Output) -> OnnxEngine:
        """Load the graph beside a weight file.

        Raises:
            WeightsError: the file or the graph is damaged, or the graph is missing or another's.
        """
        return OnnxEngine(path, output, self._options.precision, self._options.threads)


class OnnxEngine:
    """One output of a network in ONNX Runtime.

    Args:
        path: the weight file; the graphs lie beside it.
        output: which.
        precision: int8, or float32 whatever else.
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
        self._graphs = Graphs(path, output)
        self._int8, self._threads = precision == "int8", threads
        self._sessions: dict[bool, Any] = {}
        self._lock = threading.Lock()
        self._session(self._int8)

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
        session = self._session(self._int8 and not full_precision)
        try:
            return cast(Planes, session.run(None, {"lq": lq})[0])
        except Exception as error:
            if not isinstance(error, MemoryError) and "alloc" not in str(error):
                raise
            height, width = lq.shape[2:]
            raise MemoryLimitError(f"not enough memory for a tile of {width}x{height}") from error

    def _session(self, int8: bool) -> Any:
        """The loaded graph, when it is first needed."""
        with self._lock:
            if int8 not in self._sessions:
                self._sessions[int8] = self._graphs.open(int8, self._loaded)
            return self._sessions[int8]

    def _loaded(self, graph: Path) -> tuple[Any, str | None]:
        """A session, and for which weights its graph says it was made."""
        library: Any = ort  # comes without types
        options = library.SessionOptions()
        options.intra_op_num_threads = self._threads or 0
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # which would keep memory for every size ever seen
        session = library.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        return session, session.get_modelmeta().custom_metadata_map.get(IDENTITY)
