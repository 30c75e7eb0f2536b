"""A weight file -> its checked graphs beside it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir

from jcarsr.errors import WeightsError
from jcarsr.export.onnx_graph import build
from jcarsr.inference.engine import Output
from jcarsr.inference.graphs import OUTPUTS, graph_path
from jcarsr.inference.onnx_engine import OnnxEngine
from jcarsr.inference.torch_engine import TorchEngine
from jcarsr.weights import read

TOLERANCE = 1e-3
"""Largest difference between the engines, of values in [0, 1]."""

_SIZES = ((64, 48), (17, 23))  # of the pictures compared


def export(
    weights: Path,
    folder: Path | None = None,
    on_graph: Callable[[Path], None] = lambda graph: None,
) -> list[Path]:
    """Write the ONNX graphs of a weight file, each compared with PyTorch before it is kept.

    Args:
        weights: the file; it is read, never written.
        folder: for the graphs and a copy of the weight file, from which they cannot be parted;
            None = beside the weight file.
        on_graph: told of every graph that is checked.

    Returns:
        the graphs, one for each output.

    Raises:
        WeightsError: the file is damaged, or ONNX Runtime computes something else with it.
        OSError: the folder cannot be written.
    """
    folder = folder or weights.parent
    kept = folder / weights.name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as scratch:
        copy = Path(shutil.copy(weights, scratch))
        for output in OUTPUTS:
            ir.save(build(copy, output), graph_path(copy, output))
            check(copy, output)
            on_graph(graph_path(kept, output))
        if not (kept.exists() and kept.samefile(weights)):
            copy.replace(kept)
        for output in OUTPUTS:
            graph_path(copy, output).replace(graph_path(kept, output))
    return [graph_path(kept, output) for output in OUTPUTS]


def check(weights: Path, output: Output) -> float:
    """The largest difference between ONNX Runtime and PyTorch, values in [0, 1].

    Raises:
        WeightsError: it is more than TOLERANCE.
    """
    torch_engine = TorchEngine(read(weights), "cpu", output)
    onnx_engine = OnnxEngine(weights, output)
    rng = np.random.default_rng(0)
    pictures = [rng.random((1, 3, *size), dtype=np.float32) for size in _SIZES]
    off = [np.abs(onnx_engine.run(lq) - torch_engine.run(lq)).max() for lq in pictures]
    largest = float(np.max(off))
    if not largest <= TOLERANCE:  # not a number is wrong, too
        raise WeightsError(f"{weights}: ONNX Runtime is off by {largest:.2g} ({output})")
    return largest
