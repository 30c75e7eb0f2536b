"""Which engine runs a network: the only place that knows them by name. Loads none before."""

from __future__ import annotations

import ctypes
import platform
import re
import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

from jcarsr.engines.base import Backend, Engine, EngineOptions
from jcarsr.engines.graph_files import graph_path
from jcarsr.errors import WeightsError
from jcarsr.protocols import EngineName, Output, Precision

_LIBRARIES: dict[EngineName, str] = {
    "onnx": "onnxruntime",
    "openvino": "openvino",
    "torch": "torch",
}
_BACKENDS: dict[EngineName, tuple[str, str]] = {
    "onnx": ("jcarsr.engines.onnx", "OnnxBackend"),
    "openvino": ("jcarsr.engines.openvino", "OpenVINOBackend"),
    "torch": ("jcarsr.engines.torch", "TorchBackend"),
}
_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "avx_ne_convert"})
"""Instructions of x86 for bfloat16, by Linux's names."""


class Engines:
    """A Backend that takes for every weight file the best of the installed ones.

    auto is PyTorch where it has a GPU, else OpenVINO where the CPU computes in bfloat16, else ONNX
    Runtime, the quicker one without; the two need the graphs that `jcarsr export` writes next to a
    weight file. Where they are missing it is PyTorch. What is asked for in bfloat16 is never
    computed in float32.

    Raises:
        ValueError: an option that does not go with the others, or an engine that is not installed.
    """

    def __init__(self, options: EngineOptions = EngineOptions()) -> None:  # noqa: B008
        self._options = options
        self._backends: dict[EngineName, Backend] = {}
        self._lock = threading.Lock()
        _check_options(options)

    def check_device(self) -> None:
        """Raises ValueError if the device is not there."""
        if self._options.device in ("cuda", "mps"):
            self._backend("torch")

    def open(self, path: Path, output: Output) -> Engine:
        """Load a weight file's network for one of its outputs.

        Raises:
            WeightsError: it is damaged, or none of the installed engines can run it.
            ValueError: the device is not there.
        """
        return self._backend(self.choose(path)).open(path, output)

    def library(self, path: Path) -> str:
        """The package that runs a weight file's network, by the name under which it is installed.

        Raises:
            WeightsError: none can run it.
        """
        return _LIBRARIES[self.choose(path)]

    def choose(self, path: Path) -> EngineName:
        """The engine for a weight file.

        Raises:
            WeightsError: none can run it.
        """
        options = self._options
        if options.engine != "auto":
            return options.engine
        int8, bfloat16 = options.precision == "int8", options.precision == "bfloat16"
        on_cpu = options.device == "cpu" or int8
        if options.device in ("cuda", "mps") or (not on_cpu and torch_has_gpu()):
            return "torch"
        if int8 or any(graph_path(path, output).is_file() for output in ("sr", "lr")):
            onnx = _is_installed("onnx") and not bfloat16
            at_any_precision = not (onnx or bfloat16)
            if _is_installed("openvino") and (at_any_precision or openvino_has_bfloat16()):
                return "openvino"
            if onnx:
                return "onnx"
        if _is_installed("torch"):
            return "torch"
        if bfloat16:
            remedy = _requirement("torch" if _is_installed("openvino") else "openvino")
            raise WeightsError(
                "precision bfloat16 needs PyTorch, or OpenVINO on a CPU that computes in it: "
                f"pip install {remedy}"
            )
        raise WeightsError(
            f"{path}: has no graph next to it (jcarsr export writes one), "
            "and PyTorch is not installed: pip install 'jcarsr[torch]'"
        )

    def _backend(self, name: EngineName) -> Backend:
        with self._lock:
            if name not in self._backends:
                module, kind = _BACKENDS[name]
                self._backends[name] = getattr(import_module(module), kind)(self._options)
            return self._backends[name]


def torch_has_gpu() -> bool:
    """Whether PyTorch is installed and sees a GPU; imports it only where there is a driver."""
    if not (_is_installed("torch") and _has_driver()):
        return False
    return import_module("jcarsr.devices").find_device("auto") != "cpu"


def openvino_has_bfloat16() -> bool:
    """Whether OpenVINO, which is installed, computes in bfloat16 on this CPU.

    Importing it takes a fifth of the command's time for a small picture: where Linux lists the
    CPU's instructions and none is for bfloat16, it is not asked.
    """
    if not _may_have_bfloat16():
        return False
    from jcarsr.engines.openvino import supports_bfloat16

    return supports_bfloat16()


def _may_have_bfloat16(listed: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the CPU's instructions are not known, or some are for bfloat16."""
    try:
        found = re.search(r"^flags\s*:(.*)$", listed.read_text("ascii", "replace"), re.MULTILINE)
    except OSError:
        return True
    return found is None or not _BFLOAT16.isdisjoint(found[1].split())


def _has_driver() -> bool:
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if Path("/dev/kfd").exists():  # AMD
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _is_installed(name: EngineName) -> bool:
    try:
        return find_spec(_LIBRARIES[name]) is not None
    except ValueError:  # imported in some odd way, or blocked
        return False


def _check_options(options: EngineOptions) -> None:
    engine, device = options.engine, options.device
    if engine != "auto" and engine not in _LIBRARIES:
        raise ValueError(f"engine must be one of auto, {', '.join(_LIBRARIES)}, got {engine!r}")
    if options.precision not in get_args(Precision):
        known = ", ".join(get_args(Precision))
        raise ValueError(f"precision must be one of {known}, got {options.precision!r}")
    if engine != "auto" and not _is_installed(engine):
        raise ValueError(f"engine {engine} is not installed: pip install {_requirement(engine)}")
    if options.precision == "int8" and (engine == "torch" or device in ("cuda", "mps")):
        raise ValueError("int8 is for the engines onnx and openvino, on the CPU")
    if device in ("cuda", "mps"):
        if engine not in ("auto", "torch"):
            raise ValueError(f"engine {engine} computes on the CPU, and device is {device}")
        if not _is_installed("torch"):
            raise ValueError(f"device {device} needs PyTorch: pip install {_requirement('torch')}")
    if options.precision == "bfloat16":
        if engine == "onnx":
            raise ValueError("engine onnx computes in float32 or int8")
        if engine == "openvino" and not openvino_has_bfloat16():
            raise ValueError("engine openvino computes in float32 on this CPU, not in bfloat16")
    if options.threads is not None and options.threads < 1:
        raise ValueError(f"threads must be at least 1, got {options.threads}")


def _requirement(name: EngineName) -> str:
    return "onnxruntime" if name == "onnx" else f"'jcarsr[{name}]'"
