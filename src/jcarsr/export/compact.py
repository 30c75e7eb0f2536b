"""What makes a graph's file small: large kernels in fp16, short names."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

_LARGE = 1024  # numbers; small ones keep float32, such as scales of 8-bit values


def compact(model: ir.Model) -> None:
    """Store large float32 initialisers as fp16, cast to float32, and shorten names; in place.

    Of a network's weights these are what is made of them once (`MergedTail`): the weights
    themselves lie in the weight file. Numbers that fp16 cannot hold stay as they are.
    """
    for value in list(model.graph.initializers.values()):
        _halve(model.graph, value)
    _shorten_names(model.graph)


def cast_from_half(graph: ir.Graph, value: ir.Value, half: ir.TensorProtocol) -> None:
    """Put a cast of fp16 numbers to float32 in a value's place."""
    initializer = ir.Value(
        name=half.name,
        shape=value.shape,
        type=ir.TensorType(ir.DataType.FLOAT16),
        const_value=half,
    )
    cast = ir.node(
        "Cast", [initializer], {"to": ir.DataType.FLOAT.value}, name=f"{value.name}.cast"
    )
    ir.convenience.replace_all_uses_with(value, cast.outputs[0])
    cast.outputs[0].name = value.name
    graph.initializers.add(initializer)
    graph.insert_before(graph[0], cast)


def _halve(graph: ir.Graph, value: ir.Value) -> None:
    numbers = value.const_value
    if numbers is None or numbers.dtype != ir.DataType.FLOAT or numbers.size < _LARGE:
        return
    with np.errstate(over="ignore"):
        halves = numbers.numpy().astype(np.float16)
    if np.isfinite(halves).all():
        del graph.initializers[str(value.name)]
        cast_from_half(graph, value, ir.tensor(halves, name=f"{value.name}.fp16"))


def _shorten_names(graph: ir.Graph) -> None:
    """Number what nodes give, and drop their own names: nothing refers to them."""
    number = 0
    for node in graph:
        node.name = None
        for value in node.outputs:
            if not value.is_graph_output():
                value.name = f"v{number}"
                number += 1
