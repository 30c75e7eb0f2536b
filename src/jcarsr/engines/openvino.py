"""The OpenVINO engine: the quickest on CPUs with bfloat16, no PyTorch."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from jcarsr.engines.compiled_cache import CompiledCache, cache_folder, key_of
from jcarsr.engines.graph import Arithmetic, GraphBackend, GraphEngine
from jcarsr.engines.graph_files import IDENTITY
from jcarsr.pixels import Planes
from jcarsr.protocols import Precision

_CAPABILITIES = "OPTIMIZATION_CAPABILITIES"
_CORE: Any = openvino.Core()  # comes with few types
"""The only core of the process, never freed: a core gives signal handlers a stack, and of two cores
the older one frees the newer one's, too, so that the process dies of the next Ctrl-C."""


class OpenVINOEngine(GraphEngine):
    """OpenVINO; auto precision is bfloat16 where the CPU computes in it."""

    def _takes_bfloat16(self, precision: Precision) -> bool:
        return precision == "bfloat16" or (precision in ("auto", "int8") and supports_bfloat16())

    def _load(self, arithmetic: Arithmetic) -> Any:
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if arithmetic.bfloat16 else "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": self._threads or 0,
            "CPU_RUNTIME_CACHE_CAPACITY": 0,  # or what every new size needs stays in memory
        }
        key = self._cache_key(arithmetic, settings)
        cache = CompiledCache(cache_folder() if key else None)
        compiled = cache.find(key)
        if compiled is not None:
            with suppress(RuntimeError):  # what OpenVINO no longer takes is compiled anew
                return _CORE.import_model(io.BytesIO(compiled), "CPU", settings)
        model = self._graphs.open(arithmetic.int8, self._read_model)
        network = _CORE.compile_model(model, "CPU", settings)
        cache.keep(key, network.export_model().getvalue())
        return network

    def _cache_key(self, arithmetic: Arithmetic, settings: dict[str, Any]) -> str:
        """A key of all that a compiled network depends on; empty if there is no graph."""
        graph = self._graphs.digest(arithmetic.int8)
        cpu = [_CORE.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", _CAPABILITIES)]
        parts = (openvino.get_version(), *map(str, cpu), json.dumps(settings))
        return key_of(graph, *parts) if graph else ""

    def _infer(self, network: Any, lq: Planes) -> Planes:
        # a request of its own: several threads, and memory goes with it
        result = network.create_infer_request().infer({0: lq})[0]
        return np.array(result, dtype=np.float32)

    def _read_model(self, graph: Path) -> tuple[Any, str | None]:
        """A model, and for which weights its graph says it was made."""
        model, place = _CORE.read_model(graph), ["framework", IDENTITY]
        return model, model.get_rt_info(place).astype(str) if model.has_rt_info(place) else None


class OpenVINOBackend(GraphBackend):
    """OpenVINO on the CPU; auto precision is bfloat16 where the CPU computes in it.

    On Set14 (lite x2, QF 10, 40 and 80) that moves at most 0.03 % of the values by more than one
    level, and none by more than three. int8 takes bfloat16 for the rest, too.
    """

    engine = OpenVINOEngine


def supports_bfloat16() -> bool:
    """Return whether this CPU has instructions for bfloat16, as OpenVINO finds."""
    return "BF16" in _CORE.get_property("CPU", _CAPABILITIES)
