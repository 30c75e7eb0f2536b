"""A network -> an ONNX graph without weights: its initialisers point into the weight file."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import torch
from onnxscript.optimizer import optimize_ir
from torch import Tensor, nn

from jcarsr.engines.graph_files import IDENTITY, identity
from jcarsr.engines.torch import load_network
from jcarsr.export.compact import cast_from_half, compact
from jcarsr.networks.network import Network
from jcarsr.protocols import Output
from jcarsr.safefile import tensor_places
from jcarsr.weights import read

OPSET = 20  # the first with GELU
_PREFIX = "network."  # of the parameters' names in what is traced


class _Asked(nn.Module):
    """The network, asked for one output."""

    def __init__(self, network: Network, output: Output) -> None:
        super().__init__()
        self.network = network
        self.output: Output = output

    def forward(self, lq: Tensor) -> Tensor:
        return self.network.predict(lq, self.output)


def trace(weights: Path, output: Output) -> ir.Model:
    """The graph of a weight file's network for one output: lq (N, 3, H, W) float32 in, any size.

    Its parameters, and what is made of them once (`MergedTail`), are float32 initialisers.

    Raises:
        WeightsError: the file is damaged.
    """
    loaded = read(weights)
    network = load_network(loaded)
    network.fuse(final=True)
    values = {name: value.numpy() for name, value in network.named_buffers()}
    values |= {name: value.astype(np.float32) for name, value in loaded.tensors.items()}
    model = _export_program(_Asked(network, output).eval(), output)
    parameters = _parameters_as_inputs(model.graph)
    optimize_ir(model)
    for name, value in parameters.items():
        model.graph.inputs.remove(value)
        if value.uses():
            value.const_value = ir.tensor(values[name], name=name)
            model.graph.initializers.add(value)
    assert [value.name for value in model.graph.inputs] == ["lq"]
    _strip(model)
    model.graph.name = f"{loaded.record.name} {output}"
    return model


def build(traced: ir.Model, weights: Path, output: Output) -> ir.Model:
    """The traced graph without weights, in place.

    Every parameter becomes an fp16 initialiser whose bytes are those of the weight file, and is
    cast to float32; so is what the graph itself holds. The entry `IDENTITY` says for which weights
    it is.
    """
    point_into(traced, weights)
    compact(traced)
    traced.metadata_props[IDENTITY] = identity(read(weights).record, output)
    return traced


def point_into(model: ir.Model, weights: Path) -> None:
    """Replace every initialiser that is a tensor of the weight file by its bytes there."""
    for name, place in tensor_places(weights).items():
        if name in model.graph.initializers:
            _point_into(model.graph, model.graph.initializers.pop(name), weights.name, place)


def _export_program(network: nn.Module, output: Output) -> ir.Model:
    """The graph as PyTorch exports it, its shape free, without the exporter's talk."""
    free = torch.export.Dim.AUTO
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            network,
            (torch.rand(2, 3, 40, 56),),
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=({0: free, 2: free, 3: free},),
            input_names=["lq"],
            output_names=[output],
            optimize=False,
            verbose=False,
        )
    return program.model


def _parameters_as_inputs(graph: ir.Graph) -> dict[str, ir.Value]:
    """Make the parameters inputs, so that no optimizer computes with their values; by name."""
    parameters: dict[str, ir.Value] = {}
    for name, value in list(graph.initializers.items()):
        if name.startswith(_PREFIX):
            graph.initializers.pop(name)
            value.const_value = None
            value.name = name.removeprefix(_PREFIX)
            graph.inputs.append(value)
            parameters[value.name] = value
    return parameters


def _point_into(graph: ir.Graph, value: ir.Value, location: str, place: tuple[int, int]) -> None:
    """Put a cast of the weight file's bytes at `place` in a value's place."""
    shape, (offset, length) = value.shape or ir.Shape(()), place
    half = ir.ExternalTensor(
        location, offset, length, ir.DataType.FLOAT16, shape=shape, name=f"{value.name}.fp16"
    )
    cast_from_half(graph, value, half)


def _strip(model: ir.Model) -> None:
    """Remove stack traces, names of source files and inferred shapes."""
    model.metadata_props.clear()
    model.graph.metadata_props.clear()
    for value in (*model.graph.inputs, *model.graph.outputs, *model.graph.initializers.values()):
        value.metadata_props.clear()
    for node in model.graph:
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
            if not value.is_graph_output():
                value.shape, value.type = None, None
