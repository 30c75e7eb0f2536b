"""A weight file -> its checked graphs next to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx_ir as ir

from jcarsr.engines.graph_files import graph_path, refuse_readers
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.engines.torch import TorchEngine, load_network
from jcarsr.errors import WeightsError
from jcarsr.export.int8 import agreement, build_int8
from jcarsr.export.onnx_graph import build, trace
from jcarsr.partfile import remove_dead_parts, scratch_folder, sync_file, sync_folder
from jcarsr.pixels import Planes
from jcarsr.protocols import Output
from jcarsr.weights import read, read_record

TOLERANCE = 1e-3
"""Largest difference between the engines, of values in [0, 1]."""

INT8_AGREEMENT = 50.0
"""dB between 8 bits and PyTorch: costs less than 0.05 dB of a picture restored to 31 dB."""

_SIZES = ((64, 48), (17, 23))  # of the pictures compared


def export(
    weights: Path,
    folder: Path | None = None,
    calibration: Sequence[Planes] = (),
    on_graph: Callable[[Path], None] = lambda graph: None,
    outputs: Sequence[Output] | None = None,
) -> list[Path]:
    """Write the ONNX graphs of a weight file, each compared with PyTorch before it is kept.

    Args:
        weights: the file; it is read, never written.
        folder: for the graphs and a copy of the weight file, from which they cannot be parted;
            None = next to the weight file.
        calibration: inputs for the graphs with 8 bits; none = no such graphs.
        on_graph: called with every graph that is checked.
        outputs: of the network's, those that get graphs; None or empty = those that pictures are
            restored with.

    Returns:
        the graphs: for each output that with 8 bits, if there is one, and that without.

    Raises:
        WeightsError: the file is damaged, its network reads tables or has nothing to compute with
            8 bits, or ONNX Runtime computes something else with it.
        OSError: the folder cannot be written.
    """
    record = read_record(weights)
    refuse_readers(weights, record)
    facts = record.facts
    if calibration and not facts.int8_outputs:
        raise WeightsError(f"{weights}: no convolution of its network is known to stand 8 bits")
    folder = folder or weights.parent
    kept = folder / weights.name
    with scratch_folder(folder) as scratch:
        remove_dead_parts(folder)
        copy = Path(shutil.copy(weights, scratch))
        graphs: list[Path] = []
        for output, traced in trace(copy, outputs or facts.restoring_outputs).items():
            if calibration and output in facts.int8_outputs:
                graph = graph_path(copy, output, int8=True)
                ir.save(build_int8(traced, copy, output, calibration), graph)
                check_int8(copy, output, calibration)
                graphs.append(graph)
                on_graph(folder / graph.name)
            graph = graph_path(copy, output)
            ir.save(build(traced, copy, output), graph)
            check(copy, output)
            graphs.append(graph)
            on_graph(folder / graph.name)
        for file in (copy, *graphs):
            sync_file(file)
        if not (kept.exists() and kept.samefile(weights)):
            copy.replace(kept)
        written = [graph.replace(folder / graph.name) for graph in graphs]
        sync_folder(folder)
        return written


def check(weights: Path, output: Output) -> None:
    """Compare ONNX Runtime with PyTorch.

    Raises:
        WeightsError: a value is off by more than TOLERANCE.
    """
    torch_engine = TorchEngine(load_network(read(weights)), "cpu", output)
    onnx_engine = OnnxEngine(weights, output)
    rng = np.random.default_rng(0)
    pictures = [rng.random((1, 3, *size), dtype=np.float32) for size in _SIZES]
    off = [np.abs(onnx_engine.run(lq) - torch_engine.run(lq)).max() for lq in pictures]
    largest = float(np.max(off))
    if not largest <= TOLERANCE:  # not a number is wrong, too
        raise WeightsError(f"{weights}: ONNX Runtime is off by {largest:.2g} ({output})")


def check_int8(weights: Path, output: Output, pictures: Sequence[Planes]) -> None:
    """Compare 8 bits in ONNX Runtime with PyTorch.

    Raises:
        WeightsError: they agree within less than INT8_AGREEMENT.
    """
    torch_engine = TorchEngine(load_network(read(weights)), "cpu", output)
    int8_engine = OnnxEngine(weights, output, "int8")
    agreed = agreement(
        [int8_engine.run(lq) for lq in pictures], [torch_engine.run(lq) for lq in pictures]
    )
    if not agreed >= INT8_AGREEMENT:
        raise WeightsError(f"{weights}: 8 bits agree within {agreed:.1f} dB only ({output})")
