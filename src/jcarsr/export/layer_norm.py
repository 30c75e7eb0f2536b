"""Layer normalisation of a graph's channels as convolutions, which CPUs compute sooner.

PyTorch exports `LayerNorm2d` as two transpositions and a LayerNormalization between them. ONNX
Runtime and OpenVINO keep the channels of convolutions in blocks of eight: to normalise these they
are put in another order and back, which takes longer than convolutions of 1x1.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

_TO_LAST, _BACK = [0, 2, 3, 1], [0, 3, 1, 2]


def normalise_by_convolutions(model: ir.Model) -> int:
    """Put convolutions in place of every normalisation of the channels; returns how many.

    In place. The results differ by what float32 rounds; the weights keep their names and bytes.

    Args:
        model: a graph; what has weights of an unknown shape stays as it is.
    """
    found = [norm for norm in model.graph if _is_of_channels(norm)]
    for number, norm in enumerate(found):
        _replace(model.graph, norm, f"norm{number}")
    return len(found)


def _is_of_channels(norm: ir.Node) -> bool:
    """Whether a node normalises the channels of (N, C, H, W), which are its input's last axis."""
    if norm.op_type != "LayerNormalization" or len(norm.inputs) != 3 or norm.inputs[0] is None:
        return False
    before, uses = norm.inputs[0].producer(), list(norm.outputs[0].uses())
    weight = norm.inputs[1]
    return (
        weight is not None
        and weight.shape is not None
        and isinstance(weight.shape[0], int)
        and norm.attributes.get_int("axis", -1) in (-1, 3)
        and before is not None
        and not norm.outputs[0].is_graph_output()
        and _transposes(before, _TO_LAST)
        and [_transposes(use.node, _BACK) for use in uses] == [True]
    )


def _transposes(node: ir.Node, order: list[int]) -> bool:
    return node.op_type == "Transpose" and list(node.attributes.get_ints("perm", [])) == order


def _replace(graph: ir.Graph, norm: ir.Node, name: str) -> None:
    """Put convolutions in the place of one normalisation and the transpositions around it."""
    last, weight, bias = norm.inputs
    assert last is not None and weight is not None and weight.shape is not None
    before, after = last.producer(), next(iter(norm.outputs[0].uses())).node
    assert before is not None
    channels = weight.shape[0]
    assert isinstance(channels, int)
    epsilon = norm.attributes.get_float("epsilon", 1e-5)
    centre, mean, least = _constants(graph, channels, epsilon)
    axes = _constant(graph, "norm.axes", np.array([1, 2, 3]))
    centred = ir.node("Conv", [before.inputs[0], centre])
    square = ir.node("Mul", [centred.outputs[0]] * 2)
    variance = ir.node("Conv", [square.outputs[0], mean, least])
    deviation = ir.node("Sqrt", variance.outputs)
    normal = ir.node("Div", [centred.outputs[0], deviation.outputs[0]])
    scale = ir.node("Unsqueeze", [weight, axes])
    scaled = ir.node(
        "Conv", [normal.outputs[0], scale.outputs[0], bias], attributes={"group": channels}
    )
    nodes = [centred, square, variance, deviation, normal, scale, scaled]
    for number, node in enumerate(nodes):
        node.outputs[0].name = f"{name}.{number}"
    graph.insert_before(norm, nodes)
    old, new = after.outputs[0], scaled.outputs[0]
    new.shape, new.type = old.shape, old.type
    ir.convenience.replace_all_uses_with(old, new, replace_graph_outputs=True)
    old.name, new.name = None, old.name
    graph.remove([after, norm], safe=True)
    if not before.outputs[0].uses():
        graph.remove(before, safe=True)


def _constants(graph: ir.Graph, channels: int, epsilon: float) -> tuple[ir.Value, ...]:
    """What all normalisations of so many channels share.

    Returns:
        the kernel that takes away the mean, times at most 2: multiples of a power of two, which
        fp16 holds exactly; that of the mean; and epsilon, by which the variance is then the same.
    """
    unit = 2.0 ** math.floor(math.log2(channels))
    centre = (channels * np.eye(channels) - 1) / unit
    return (
        _constant(graph, f"norm.centre.{channels}", centre[..., None, None].astype(np.float32)),
        _constant(
            graph,
            f"norm.mean.{channels}",
            np.full((1, channels, 1, 1), 1 / channels, np.float32),
        ),
        _constant(
            graph,
            f"norm.epsilon.{channels}.{epsilon:.3g}",
            np.array([epsilon * (channels / unit) ** 2], np.float32),
        ),
    )


def _constant(graph: ir.Graph, name: str, numbers: np.ndarray) -> ir.Value:
    """The initialiser of this name, made when it is first asked for."""
    if name not in graph.initializers:
        tensor = ir.tensor(numbers, name=name)
        shape, kind = ir.Shape(numbers.shape), ir.TensorType(tensor.dtype)
        graph.initializers.add(ir.Value(name=name, shape=shape, type=kind, const_value=tensor))
    return graph.initializers[name]
