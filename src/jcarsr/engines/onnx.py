"""The ONNX Runtime engine: any CPU, no PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import onnxruntime as ort  # pyright: ignore[reportMissingTypeStubs]

from jcarsr.engines.graph import Arithmetic, GraphBackend, GraphEngine
from jcarsr.engines.graph_files import IDENTITY
from jcarsr.pixels import Planes


class OnnxEngine(GraphEngine):
    """ONNX Runtime; computes in int8 where asked for, in float32 otherwise."""

    def _load(self, arithmetic: Arithmetic) -> Any:
        return self._graphs.open(arithmetic.int8, self._open_session)

    def _infer(self, network: Any, lq: Planes) -> Planes:
        return cast(Planes, network.run(None, {"lq": lq})[0])

    def _open_session(self, graph: Path) -> tuple[Any, str | None]:
        """A session, and for which weights its graph says it was made."""
        library: Any = ort  # comes without types
        options = library.SessionOptions()
        options.intra_op_num_threads = self._threads or 0
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # which would keep memory for every size ever seen
        session = library.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        return session, session.get_modelmeta().custom_metadata_map.get(IDENTITY)


class OnnxBackend(GraphBackend):
    """ONNX Runtime on the CPU, in float32 or int8."""

    engine = OnnxEngine
