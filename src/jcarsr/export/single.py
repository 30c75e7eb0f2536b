"""A weight file -> one ONNX file that holds graph and weights, for programs of others."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime as ort  # pyright: ignore[reportMissingTypeStubs]

from jcarsr.engines.base import out_of_memory
from jcarsr.engines.graph_files import IDENTITY, graph_path, identity, refuse_readers
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.errors import WeightsError
from jcarsr.partfile import scratch_folder, sync_file, sync_folder
from jcarsr.pixels import Planes
from jcarsr.protocols import Output
from jcarsr.weights import Record, read

INPUT, OUTPUT = "input", "output"
"""What the graph calls them."""

SMALLEST_TILE, LARGEST_TILE = 16, 1024
"""Sides of a static input, in pixels."""

TOLERANCE = 1e-5
"""Largest difference between a static graph and the two-file one, of values in [0, 1]."""

_SIZES = ((64, 48), (17, 23))  # of the pictures compared


def single_path(weights: Path, folder: Path, tile: int | None = None) -> Path:
    """Return the path of a weight file's one-file graph in a folder.

    >>> single_path(Path("runs/my.safetensors"), Path("out")).as_posix()
    'out/my.onnx'
    >>> single_path(Path("runs/my.safetensors"), Path("out"), tile=512).as_posix()
    'out/my.512.onnx'
    """
    return folder / weights.with_suffix(".onnx" if tile is None else f".{tile}.onnx").name


def export_single(weights: Path, target: Path, tile: int | None = None) -> Path:
    """Write a network as one ONNX file, compared with the two-file graph before it is kept.

    The graph is the one next to the weight file if it is theirs, else it is traced anew, which
    takes PyTorch. Its input `input` is (N, 3, H, W) float32 RGB in [0, 1], its output `output`
    (N, 3, scale * H, scale * W) float32, not clamped. Weights are fp16, cast to float32 by the
    graph. Its metadata are name, scale, licence, and sha256 as in the weight file's record.

    Args:
        weights: the file; it is read, never written.
        target: the file to write, replaced if it exists.
        tile: N = H = W fixed to 1 and this side in pixels, from 16 to 1024; None = any size.

    Returns:
        `target`.

    Raises:
        WeightsError: the file is damaged, its network reads tables, or ONNX Runtime computes
            something else with the new file.
        MemoryLimitError: not enough memory for the tile.
        ValueError: `tile` is out of its range.
        OSError: `target` cannot be written.
    """
    check_tile(tile)
    record = read(weights).record
    refuse_readers(weights, record)
    output = record.facts.outputs[0]
    with scratch_folder(target.parent) as scratch:
        pair, alone = scratch / "pair", scratch / "alone"
        pair.mkdir()
        alone.mkdir()
        copy = Path(shutil.copy(weights, pair))
        _write_pair(weights, copy, record, output)
        model = ir.load(graph_path(copy, output))
        ir.external_data.load_to_model(model)
        _rename(model.graph, record.facts.output_scale(output), tile)
        _describe(model, record, output)
        file = alone / target.name
        ir.save(model, file)
        _compare(file, OnnxEngine(copy, output), weights, tile)
        sync_file(file)
        file.replace(target)
        sync_folder(target.parent)
    return target


def check_tile(tile: int | None) -> None:
    """Raise a ValueError if `tile` is neither None nor from 16 to 1024."""
    if tile is not None and not SMALLEST_TILE <= tile <= LARGEST_TILE:
        raise ValueError(f"--tile {tile}: from {SMALLEST_TILE} to {LARGEST_TILE} pixels")


def _write_pair(weights: Path, copy: Path, record: Record, output: Output) -> None:
    """Put the two-file graph next to a copy of its weight file.

    Raises:
        WeightsError: ONNX Runtime and PyTorch compute different pictures with it.
    """
    own = graph_path(weights, output)
    if own.is_file() and _identity_of(own) == identity(weights, output):
        shutil.copy(own, graph_path(copy, output))
        return
    from jcarsr.export.onnx_graph import build, trace
    from jcarsr.export.write import check

    traced = trace(copy, [output])[output]
    ir.save(build(traced, copy, output), graph_path(copy, output))
    check(copy, output)


def _identity_of(graph: Path) -> str | None:
    """For which weights a graph says it was made; None = damaged."""
    try:
        return ir.load(graph).metadata_props.get(IDENTITY)
    except Exception:  # the library's errors have no class in common
        return None


def _rename(graph: ir.Graph, scale: int, tile: int | None) -> None:
    """Give input and output their names and sizes."""
    (lq,), (result,) = graph.inputs, graph.outputs
    lq.name, result.name = INPUT, OUTPUT
    if tile is None:
        lq.shape = ir.Shape(["batch", 3, "height", "width"])
        result.shape = ir.Shape(["batch", 3, *(_times(scale, n) for n in ("height", "width"))])
    else:
        lq.shape = ir.Shape([1, 3, tile, tile])
        result.shape = ir.Shape([1, 3, scale * tile, scale * tile])


def _times(scale: int, side: str) -> str:
    return side if scale == 1 else f"{scale}*{side}"


def _describe(model: ir.Model, record: Record, output: Output) -> None:
    """Say in the file what it is."""
    scale = record.facts.output_scale(output)
    does = "at its size" if scale == 1 else f"enlarged by {scale}"
    model.metadata_props.clear()
    model.metadata_props.update(
        name=record.name, scale=str(scale), licence=record.licence, sha256=record.sha256
    )
    model.producer_name, model.producer_version = "jcarsr", version("jcarsr")
    model.graph.name = record.name
    model.doc_string = (
        f"A JPEG-compressed picture, restored {does}. {INPUT} and {OUTPUT}: (N, 3, height, width) "
        "float32 RGB, values in [0, 1]; the output is not clamped."
    )


def _compare(file: Path, engine: OnnxEngine, weights: Path, tile: int | None) -> None:
    """Refuse a file that computes something else than the two-file graph.

    Raises:
        WeightsError: a dynamic one is not bit-equal, a static one not within TOLERANCE.
        MemoryLimitError: not enough memory for the tile.
    """
    library: Any = ort  # comes without types
    options = library.SessionOptions()
    options.log_severity_level = 3
    session = library.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for size in _SIZES if tile is None else ((tile, tile),):
        lq = rng.random((1, 3, *size), dtype=np.float32)
        try:
            result: Planes = session.run([OUTPUT], {INPUT: lq})[0]
        except Exception as error:  # the library's errors have no class in common
            lack = out_of_memory(error, lq)
            if lack is None:
                raise
            raise lack from error
        off = float(np.abs(result - engine.run(lq)).max())
        if not off <= (0 if tile is None else TOLERANCE):  # not a number is wrong, too
            raise WeightsError(f"{weights}: in one file it is off by {off:.2g}")
