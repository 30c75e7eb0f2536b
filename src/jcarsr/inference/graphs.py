"""The ONNX graphs beside a weight file: where they lie and whose they are. Imports no ONNX.

A graph holds no weights: its initialisers point into the weight file, by name and offset. It says
in its metadata for which tensors it was made.
"""

from __future__ import annotations

from pathlib import Path

from jcarsr.errors import WeightsError
from jcarsr.inference.engine import Output
from jcarsr.weights import Record, read

OUTPUTS: tuple[Output, ...] = ("sr", "lr", "gradient")
"""One graph for each."""

IDENTITY = "weights"
"""The key of a graph's metadata under which it says whose it is."""


def graph_path(weights: Path, output: Output) -> Path:
    """Where the graph for `output` lies, beside the weight file.

    >>> graph_path(Path("runs/my.safetensors"), "sr").as_posix()
    'runs/my.sr.onnx'
    """
    return weights.with_suffix(f".{output}.onnx")


def identity(record: Record, output: Output) -> str:
    """What a graph for these weights says of itself."""
    return f"{record.name} {output} {record.sha256}"


def output_scale(record: Record, output: Output) -> int:
    """Output size over input size."""
    return 1 if output == "lr" else record.config.scale


def checked_record(weights: Path, output: Output) -> Record:
    """The record of a weight file whose tensors are whole and which has a graph.

    Raises:
        WeightsError: damaged, or without a graph.
    """
    record = read(weights).record
    if not graph_path(weights, output).is_file():
        raise WeightsError(f"{graph_path(weights, output)}: missing, jcarsr export writes it")
    return record


def refuse_other(graph: Path, said: str | None, record: Record, output: Output) -> None:
    """Raise WeightsError if a graph was made for other weights than the record's."""
    if said != identity(record, output):
        raise WeightsError(f"{graph}: made for other weights, jcarsr export writes it anew")
