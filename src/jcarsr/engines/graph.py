"""What the engines that run graphs have in common: which graph is loaded, when, and for whom."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jcarsr.engines.base import EngineOptions, default_threads, out_of_memory
from jcarsr.engines.graph_files import Graphs
from jcarsr.pixels import Planes, Tables
from jcarsr.protocols import Output, Precision


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """What a graph is loaded to compute in."""

    int8: bool
    """The graph with 8 bits, where there is one."""
    bfloat16: bool
    """For all that is not 8 bits."""


_FULL = Arithmetic(int8=False, bfloat16=False)


class GraphEngine(ABC):
    """One output of a network, by the graph that lies with its weight file.

    Args:
        path: the weight file.
        output: which.
        precision: auto is what the library computes quickest in, within a level of float32.
        threads: None = as OMP_NUM_THREADS says, else one a core.

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
        self._graphs, self._threads = Graphs(path, output), threads or default_threads()
        self._arithmetic = Arithmetic(
            int8=precision == "int8", bfloat16=self._takes_bfloat16(precision)
        )
        self._loaded: dict[Arithmetic, Any] = {}
        self._lock = threading.Lock()
        self._network(self._arithmetic)

    @property
    def scale(self) -> int:
        """Output size over input size."""
        return self._graphs.scale

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that `run` takes for each pixel of its input, an upper estimate."""
        return self._graphs.bytes_per_pixel

    def run(
        self, lq: Planes, *, full_precision: bool = False, tables: Tables | None = None
    ) -> Planes:
        """(1, 3, H, W) float32 RGB in [0, 1] -> (1, 3, scale * H, scale * W) float32.

        `tables` is not read: no graph does.

        Raises:
            MemoryLimitError: not enough memory for an input of this size.
        """
        network = self._network(_FULL if full_precision else self._arithmetic)
        try:
            return self._infer(network, lq)
        except Exception as error:  # the libraries' errors have no class in common
            lack = out_of_memory(error, lq)
            if lack is None:
                raise
            raise lack from error

    def _network(self, arithmetic: Arithmetic) -> Any:
        """The loaded graph, when it is first needed."""
        with self._lock:
            if arithmetic not in self._loaded:
                self._loaded[arithmetic] = self._load(arithmetic)
            return self._loaded[arithmetic]

    def _takes_bfloat16(self, precision: Precision) -> bool:
        """Whether bfloat16 is computed in, where this is asked for."""
        del precision
        return False

    @abstractmethod
    def _load(self, arithmetic: Arithmetic) -> Any:
        """Load one of the graphs.

        Raises:
            WeightsError: it is missing, damaged or another weight file's.
        """

    @abstractmethod
    def _infer(self, network: Any, lq: Planes) -> Planes:
        """What `_load` returned, run on an input; from several threads at once."""


class GraphBackend:
    """A library that runs graphs on the CPU; each has its kind of `engine`."""

    engine: type[GraphEngine]

    def __init__(self, options: EngineOptions) -> None:
        self._options = options

    def open(self, path: Path, output: Output) -> GraphEngine:
        """Load the graph that lies with a weight file.

        Raises:
            WeightsError: the file or the graph is damaged, or the graph is missing or another's.
        """
        return self.engine(path, output, self._options.precision, self._options.threads)
