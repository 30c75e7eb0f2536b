"""A graph made by hand, run by ONNX's own reference implementation before and after."""

import numpy as np
import onnx
import onnx_ir as ir
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from jcarsr.export.compact import compact

RNG = np.random.default_rng(0)


def graph(matrix: np.ndarray, offset: np.ndarray) -> onnx.ModelProto:
    """y = relu(x @ matrix + offset)"""
    nodes = [
        helper.make_node("MatMul", ["x", "matrix"], ["a very long name"], name="node of a product"),
        helper.make_node("Add", ["a very long name", "offset"], ["another long name"]),
        helper.make_node("Relu", ["another long name"], ["y"]),
    ]
    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, 40]) for n in "xy"]
    stored = [numpy_helper.from_array(matrix, "matrix"), numpy_helper.from_array(offset, "offset")]
    return helper.make_model(helper.make_graph(nodes, "g", sides[:1], sides[1:], stored))


def compacted(model: onnx.ModelProto) -> onnx.ModelProto:
    read = ir.from_proto(model)
    compact(read)
    written = ir.to_proto(read)
    onnx.checker.check_model(written, full_check=True)
    return written


def test_large_float32_numbers_are_stored_as_fp16_and_rounded_to_them() -> None:
    matrix = RNG.normal(size=(40, 40)).astype(np.float32)
    offset = RNG.normal(size=40).astype(np.float32)
    x = RNG.normal(size=(3, 40)).astype(np.float32)
    model = compacted(graph(matrix, offset))
    types = {i.name: i.data_type for i in model.graph.initializer}
    assert types == {"offset": TensorProto.FLOAT, "matrix.fp16": TensorProto.FLOAT16}
    (result,) = ReferenceEvaluator(model).run(None, {"x": x})
    expected = np.maximum(x @ matrix.astype(np.float16).astype(np.float32) + offset, 0)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5)


def test_what_fp16_cannot_hold_stays_float32() -> None:
    matrix = np.full((40, 40), 1e6, np.float32)
    model = compacted(graph(matrix, np.zeros(40, np.float32)))
    np.testing.assert_array_equal(
        numpy_helper.to_array(model.graph.initializer[0]), matrix, strict=True
    )


def test_names_that_nothing_refers_to_are_short_or_gone() -> None:
    model = compacted(graph(np.ones((40, 40), np.float32), np.zeros(40, np.float32)))
    assert b"long name" not in model.SerializeToString()
    assert not any(node.name for node in model.graph.node)
    assert [value.name for value in (*model.graph.input, *model.graph.output)] == ["x", "y"]
