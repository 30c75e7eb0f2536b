"""A network -> a graph in which the convolutions that it names compute with 8 bits.

Of JCARSR these are the 3x3 and 5x5 convolutions of the MSNAFBs. They come after a LayerNorm, so 8
bits are enough for what goes in; the gradient branch's values are not so tame.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
from onnxruntime.quantization import (  # pyright: ignore[reportMissingTypeStubs]
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,  # pyright: ignore[reportUnknownVariableType]
)

from jcarsr.data.sources import list_pictures
from jcarsr.engines.graph_files import IDENTITY, identity
from jcarsr.engines.torch import load_network
from jcarsr.errors import DataError, WeightsError
from jcarsr.export.compact import compact
from jcarsr.export.onnx_graph import point_into
from jcarsr.export.quiet import quiet_logger
from jcarsr.pixels import Planes, to_planes
from jcarsr.protocols import Output
from jcarsr.weights import read

SIDE, MAX_PATCHES = 128, 64
"""Of a patch in pixels, and how many are taken at most."""


def patches(folder: Path) -> list[Planes]:
    """The middle 128x128 pixels of pictures, spread over all that a folder holds.

    Args:
        folder: JPEGs such as the network is to restore.

    Raises:
        DataError: no pictures there that are large enough, or one cannot be read.
    """
    entries = list_pictures([folder])
    found: list[Planes] = []
    for entry in entries[:: -(-len(entries) // MAX_PATCHES)]:
        pixels = entry.pixels()
        top, left = ((side - SIDE) // 2 for side in pixels.shape[:2])
        if min(top, left) >= 0:
            found.append(to_planes(pixels[top : top + SIDE, left : left + SIDE]))
    if not found:
        raise DataError(f"{folder}: no pictures of at least {SIDE}x{SIDE} to calibrate with")
    return found


def build_int8(
    traced: ir.Model, weights: Path, output: Output, calibration: Sequence[Planes]
) -> ir.Model:
    """The traced graph with 8 bits; its other weights are the weight file's bytes, as in `build`.

    Ranges are the smallest and largest values that the calibration pictures lead to, weights have a
    range for each output channel (ONNX Runtime's static quantisation).

    Args:
        traced: the graph with float32 weights; it is left as it is.
        weights: the file.
        output: sr or lr.
        calibration: (1, 3, H, W) float32 in [0, 1] each.

    Raises:
        WeightsError: the network names no convolution for which 8 bits are enough.
    """
    ends = load_network(read(weights)).int8_weights
    names = [str(node.name) for node in traced.graph if _has_weight(node, ends)]
    if not names:  # ONNX Runtime would quantise everything
        raise WeightsError(f"{weights}: no convolution of this network is known to stand 8 bits")
    # the library advises to optimise the graph before
    with quiet_logger(), tempfile.TemporaryDirectory() as scratch:
        plain, quantised = Path(scratch) / "plain.onnx", Path(scratch) / "quantised.onnx"
        ir.save(traced, plain)
        quantize_static(
            plain,
            quantised,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            nodes_to_quantize=names,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        model = ir.load(quantised)
        ir.external_data.load_to_model(model)
    point_into(model, weights)
    compact(model)
    model.metadata_props.clear()
    model.metadata_props[IDENTITY] = identity(weights, output, int8=True)
    return model


def agreement(a: Sequence[Planes], b: Sequence[Planes]) -> float:
    """PSNR in dB between two rows of results, values in [0, 1]."""
    mse = np.mean(
        [np.square(x.clip(0, 1) - y.clip(0, 1)).mean() for x, y in zip(a, b, strict=True)]
    )
    return float(-10 * np.log10(max(mse, 1e-12)))


def _has_weight(node: ir.Node, ends: tuple[str, ...]) -> bool:
    """Whether a node is a convolution by a weight whose name ends so."""
    weight = node.inputs[1] if node.op_type == "Conv" else None
    return weight is not None and str(weight.name).endswith(ends)


class _Reader(CalibrationDataReader):
    def __init__(self, calibration: Sequence[Planes]) -> None:
        self._left: Iterator[Planes] = iter(calibration)

    def get_next(self) -> Any:
        lq = next(self._left, None)
        return None if lq is None else {"lq": lq}
