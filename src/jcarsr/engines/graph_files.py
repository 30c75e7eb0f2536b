"""The ONNX graphs next to a weight file: their paths and their weights. Imports no ONNX.

Of the weights a graph holds only one kernel, which does what upsampler and tail do; its other
initialisers point into the weight file, by name and offset. It says in its metadata for which
tensors it was made, and where in the file they lay.

A graph is a program that the engine runs: see docs/robustness.md for what it may do.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from jcarsr.errors import WeightsError
from jcarsr.protocols import Output
from jcarsr.safefile import SafeFileError, tensor_places
from jcarsr.weights import Record, check_output, read, read_record

T = TypeVar("T")

IDENTITY = "weights"
"""The key of a graph's metadata under which it says whose it is."""


def graph_path(weights: Path, output: Output, *, int8: bool = False) -> Path:
    """Return the path of the graph for `output`, next to the weight file.

    >>> graph_path(Path("runs/my.safetensors"), "sr").as_posix()
    'runs/my.sr.onnx'
    >>> graph_path(Path("runs/my.safetensors"), "sr", int8=True).as_posix()
    'runs/my.sr.int8.onnx'
    """
    return weights.with_suffix(f".{output}.int8.onnx" if int8 else f".{output}.onnx")


def identity(weights: Path, output: Output, *, int8: bool = False) -> str:
    """What a graph for a weight file says of itself.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    record = read_record(weights)
    try:
        places = json.dumps(tensor_places(weights), sort_keys=True)
    except SafeFileError as error:
        raise WeightsError(f"{weights}: {error}") from error
    lie = hashlib.sha256(places.encode()).hexdigest()[:16]  # other bytes there are other weights
    return f"{record.name} {output} {'int8 ' if int8 else ''}{record.sha256} {lie}"


def refuse_readers(weights: Path, record: Record) -> None:
    """Raise a WeightsError if the network reads more than pixels: graphs take pixels alone."""
    if record.facts.reads:
        raise WeightsError(
            f"{weights}: its network reads a JPEG's tables, graphs take pixels alone: "
            "engine=torch runs it"
        )


@contextmanager
def _without_links(graph: Path, weights: Path) -> Generator[Path]:
    """The graph's path, beside its weights: engines follow no link out of a graph's folder.

    The hub's cache is made of such links. Where there are some, both lie in a scratch folder,
    under the names by which they know each other.
    """
    if not graph.is_symlink() and not weights.is_symlink():
        yield graph
        return
    with TemporaryDirectory(prefix="jcarsr-", ignore_cleanup_errors=True) as folder:
        for file in (graph, weights):
            plain = Path(folder, file.name)
            try:
                plain.hardlink_to(file.resolve())
            except OSError:  # on another disk
                shutil.copyfile(file, plain)
        yield Path(folder, graph.name)


class Graphs:
    """The graphs of a weight file for one output.

    Args:
        weights: the file.
        output: which.

    Raises:
        WeightsError: the file is damaged, its network has no such output or reads tables.
    """

    def __init__(self, weights: Path, output: Output) -> None:
        self.record: Record = read(weights).record
        check_output(self.record, output)
        refuse_readers(weights, self.record)
        self._weights = weights
        self._output: Output = output

    @property
    def scale(self) -> int:
        """Output size over input size."""
        return self.record.facts.output_scale(self._output)

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that the network takes for each pixel of its input, an upper estimate."""
        return self.record.facts.bytes_per_pixel(self._output)

    def open(self, int8: bool, load: Callable[[Path], tuple[T, str | None]]) -> T:
        """Load a graph.

        Args:
            int8: the one with 8 bits, if the network has such convolutions for this output; for
                the others int8 means the same as float32.
            load: from its path, what an engine makes of it and what it says of itself.

        Raises:
            WeightsError: it is missing, damaged or another weight file's.
        """
        graph, int8 = self._find(int8)
        option = " --int8" if int8 else ""
        if not graph.is_file():
            raise WeightsError(f"{graph}: missing, jcarsr export{option} writes it")
        try:
            with _without_links(graph, self._weights) as plain:
                loaded, said = load(plain)
        except Exception as error:  # the libraries' errors have no class in common
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            reason = lines[-1] if lines else type(error).__name__
            raise WeightsError(f"{graph}: cannot be loaded ({reason})") from error
        if said != self._identity(int8):
            raise WeightsError(
                f"{graph}: made for other weights, jcarsr export{option} writes it anew"
            )
        return loaded

    def digest(self, int8: bool) -> str:
        """A hash of a graph and of what it must be made for; empty if there is no such graph.

        It differs where the same graph lies in the place of another output's, which `open` refuses.
        """
        path, int8 = self._find(int8)
        try:
            graph = path.read_bytes()
        except OSError:
            return ""
        return hashlib.sha256(graph + self._identity(int8).encode()).hexdigest()

    def _identity(self, int8: bool) -> str:
        return identity(self._weights, self._output, int8=int8)

    def _find(self, int8: bool) -> tuple[Path, bool]:
        """The path of the graph that is meant, and whether it is one with 8 bits."""
        int8 = int8 and self._output in self.record.facts.int8_outputs
        return graph_path(self._weights, self._output, int8=int8), int8
