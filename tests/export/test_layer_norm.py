"""A normalisation made by hand, run by ONNX's own reference implementation before and after."""

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from jcarsr.export.compact import compact
from jcarsr.export.layer_norm import normalise_by_convolutions

RNG = np.random.default_rng(0)
EPSILON = 1e-3  # large enough to be seen where a pixel's channels are nearly equal


def graph(
    channels: int, *, axis: int = -1, back: tuple[int, ...] = (0, 3, 1, 2), other: bool = False
) -> onnx.ModelProto:
    """y = LN(x) of the channels; with `other`, the normalised is given as it is, too."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node(
            "LayerNormalization",
            ["last", "weight", "bias"],
            ["normal"],
            axis=axis,
            epsilon=EPSILON,
        ),
        helper.make_node("Transpose", ["normal"], ["y"], perm=back),
    ]
    weight, bias = RNG.normal(size=(2, channels)).astype(np.float32)
    stored = [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")]
    names = ["y", "normal"] if other else ["y"]
    results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None] * 4) for n in names]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, channels, None, None])
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(
        helper.make_graph(nodes, "g", [x], results, stored), opset_imports=opset
    )


def replaced(model: onnx.ModelProto) -> tuple[onnx.ModelProto, int]:
    read = ir.from_proto(model)
    count = normalise_by_convolutions(read)
    compact(read)
    written = ir.to_proto(read)
    onnx.checker.check_model(written, full_check=True)
    return written, count


@pytest.mark.parametrize("channels", [1, 24, 32, 60, 64])
def test_it_computes_the_same_and_has_no_normalisation_left(channels: int) -> None:
    """Means far from 0 beside a small spread show a kernel that fp16 rounds."""
    plain = graph(channels)
    model, count = replaced(plain)
    assert count == 1
    assert not {"LayerNormalization", "Transpose"} & {node.op_type for node in model.graph.node}
    x = RNG.normal(RNG.normal(size=(2, 1, 5, 7)) * 20, 1, (2, channels, 5, 7)).astype(np.float32)
    x[:, :, 0, 0] *= 1e-3
    (expected,), (result,) = (ReferenceEvaluator(m).run(None, {"x": x}) for m in (plain, model))
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize(
    "model",
    [graph(4, axis=-2), graph(4, back=(0, 1, 3, 2)), graph(4, other=True)],
    ids=["of rows and channels", "turned otherwise", "used elsewhere"],
)
def test_what_is_something_else_stays(model: onnx.ModelProto) -> None:
    kept, count = replaced(model)
    assert count == 0
    assert [node.op_type for node in kept.graph.node] == [n.op_type for n in model.graph.node]


def test_two_of_a_size_share_their_constants() -> None:
    plain = graph(32)
    again = [
        helper.make_node("Transpose", ["y"], ["last again"], perm=[0, 2, 3, 1]),
        helper.make_node("LayerNormalization", ["last again", "bias", "weight"], ["again"]),
        helper.make_node("Transpose", ["again"], ["z"], perm=[0, 3, 1, 2]),
    ]
    plain.graph.node.extend(again)
    plain.graph.output[0].name = "z"
    model, count = replaced(plain)
    assert count == 2
    shared = [tensor.name for tensor in model.graph.initializer if "norm." in tensor.name]
    epsilons = ["norm.epsilon.32.0.001", "norm.epsilon.32.1e-05"]
    assert sorted(shared) == ["norm.axes", "norm.centre.32.fp16", *epsilons, "norm.mean.32"]
    x = RNG.normal(size=(1, 32, 3, 4)).astype(np.float32)
    (expected,), (result,) = (ReferenceEvaluator(m).run(None, {"x": x}) for m in (plain, model))
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=2e-4)
