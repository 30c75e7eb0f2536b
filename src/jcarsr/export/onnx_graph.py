"""A network -> an ONNX graph without weights: its initialisers point into the weight file."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import torch
from onnx_ir.passes.common import RemoveUnusedNodesPass
from onnxscript.optimizer import optimize_ir
from torch import Tensor, nn

from jcarsr.engines.graph_files import IDENTITY, identity
from jcarsr.engines.torch import load_network
from jcarsr.export.compact import cast_from_half, compact
from jcarsr.export.layer_norm import normalise_by_convolutions
from jcarsr.export.quiet import quiet_logger
from jcarsr.networks.network import Network
from jcarsr.protocols import Output
from jcarsr.safefile import tensor_places
from jcarsr.weights import read

OPSET = 20  # the first with GELU
_PREFIX = "network."  # of the parameters' names in what is traced


class _Asked(nn.Module):
    """The network, asked for some of its outputs."""

    def __init__(self, network: Network, outputs: Sequence[Output]) -> None:
        super().__init__()
        self.network = network
        self.outputs = tuple(outputs)

    def forward(self, lq: Tensor) -> tuple[Tensor, ...]:
        if len(self.outputs) == 1:
            return (self.network.predict(lq, self.outputs[0]),)
        restored = self.network(lq)
        return tuple(getattr(restored, output) for output in self.outputs)


def trace(weights: Path, outputs: Sequence[Output]) -> dict[Output, ir.Model]:
    """The graphs of a weight file's network, one for each output.

    A graph takes lq (N, 3, H, W) float32, any size. Its parameters, and what is made of them once
    (`MergedTail`), are float32 initialisers. The outputs are traced together, in the time of one.

    Args:
        weights: the file.
        outputs: of the network's, those that get a graph; at least one.

    Raises:
        WeightsError: the file is damaged.
    """
    loaded = read(weights)
    network = load_network(loaded)
    network.fuse(final=True)
    values = {name: value.numpy() for name, value in network.named_buffers()}
    values |= {name: value.astype(np.float32) for name, value in loaded.tensors.items()}
    model = _export_program(_Asked(network, outputs).eval(), outputs)
    parameters = _parameters_as_inputs(model.graph)
    optimize_ir(model)
    normalise_by_convolutions(model)
    _strip(model)
    traced: dict[Output, ir.Model] = {}
    for output in outputs:
        own = traced[output] = model.clone()
        _keep_output(own, output)
        _parameters_as_initializers(own.graph, {name: values[name] for name in parameters})
        own.graph.name = f"{loaded.record.name} {output}"
    return traced


def build(traced: ir.Model, weights: Path, output: Output) -> ir.Model:
    """The traced graph without weights, in place.

    Every parameter becomes an fp16 initialiser whose bytes are those of the weight file, and is
    cast to float32; so is what the graph itself holds. The entry `IDENTITY` says for which weights
    it is.
    """
    point_into(traced, weights)
    compact(traced)
    traced.metadata_props[IDENTITY] = identity(weights, output)
    return traced


def point_into(model: ir.Model, weights: Path) -> None:
    """Replace every initialiser that is a tensor of the weight file by its bytes there."""
    for name, place in tensor_places(weights).items():
        if name in model.graph.initializers:
            _point_into(model.graph, model.graph.initializers.pop(name), weights.name, place)


def _export_program(network: nn.Module, outputs: Sequence[Output]) -> ir.Model:
    """The graph as PyTorch exports it, its shape free, without the exporter's talk."""
    free = torch.export.Dim.AUTO
    with (
        quiet_logger("torch.onnx"),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            network,
            (torch.rand(2, 3, 40, 56),),
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=({0: free, 2: free, 3: free},),
            input_names=["lq"],
            output_names=outputs,
            optimize=False,
            verbose=False,
        )
    return program.model


def _parameters_as_inputs(graph: ir.Graph) -> list[str]:
    """Make the parameters inputs, so that no optimizer computes with their values; their names."""
    parameters: list[str] = []
    for name, value in list(graph.initializers.items()):
        if name.startswith(_PREFIX):
            graph.initializers.pop(name)
            value.const_value = None
            value.name = name.removeprefix(_PREFIX)
            graph.inputs.append(value)
            parameters.append(value.name)
    return parameters


def _keep_output(model: ir.Model, output: Output) -> None:
    """Remove the other outputs, and every node that only they need."""
    outputs = model.graph.outputs
    outputs[:] = [value for value in outputs if value.name == output]
    RemoveUnusedNodesPass()(model)


def _parameters_as_initializers(graph: ir.Graph, values: dict[str, np.ndarray]) -> None:
    """Give the inputs that are parameters, by name, their values, and remove the unused ones."""
    for value in [value for value in graph.inputs if value.name in values]:
        graph.inputs.remove(value)
        if value.uses():
            name = str(value.name)
            value.const_value = ir.tensor(values[name], name=name)
            graph.initializers.add(value)
    assert [value.name for value in graph.inputs] == ["lq"]


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
