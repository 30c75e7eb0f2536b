"""The ONNX Runtime engine: any CPU, no PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import onnxruntime as ort  # pyright: ignore[reportMissingTypeStubs]

from jcarsr.errors import MemoryLimitError, WeightsError
from jcarsr.inference.engine import EngineOptions, Output
from jcarsr.inference.graphs import IDENTITY, checked_record, graph_path, output_scale, refuse_other
from jcarsr.inference.memory import network_bytes_per_pixel
from jcarsr.pixels import Planes


class OnnxBackend:
    """ONNX Runtime on the CPU, in float32."""

    def __init__(self, options: EngineOptions) -> None:
        self._threads = options.threads

    def open(self, path: Path, output: Output) -> OnnxEngine:
        """Load the graph beside a weight file.

        Raises:
            WeightsError: the file or the graph is damaged, or the graph is missing or another's.
        """
        return OnnxEngine(path, output, self._threads)


class OnnxEngine:
    """One output of a network in ONNX Runtime.

    Args:
        path: the weight file; the graph lies beside it.
        output: which.
        threads: None = one a core.

    Raises:
        WeightsError: the file or the graph is damaged, or the graph is missing or another's.
    """

    def __init__(self, path: Path, output: Output = "sr", threads: int | None = None) -> None:
        record, graph = checked_record(path, output), graph_path(path, output)
        library: Any = ort  # comes without types
        options = library.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3
        try:
            self._session = library.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no class of their own
            raise WeightsError(f"{graph}: cannot be loaded ({_first_line(error)})") from error
        said = self._session.get_modelmeta().custom_metadata_map
        refuse_other(graph, said.get(IDENTITY), record, output)
        self._scale, self._channels = output_scale(record, output), record.config.channels

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
        try:
            return cast(Planes, self._session.run(None, {"lq": lq})[0])
        except Exception as error:
            if not isinstance(error, MemoryError) and "alloc" not in str(error):
                raise
            height, width = lq.shape[2:]
            raise MemoryLimitError(f"not enough memory for a tile of {width}x{height}") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
