import hashlib
import re
from pathlib import Path
from types import ModuleType

import onnx
import pytest

ROOT = Path(__file__).parents[2]


def test_graphs_and_their_hashes_are_written(tool: ModuleType, tmp_path: Path) -> None:
    written = tool.build(tmp_path / "new", (("jcarsr-lite-x2", 16),))
    graph, sums = written
    assert sorted(graph.parent.iterdir()) == sorted(written)
    digest, name = sums.read_text().split()
    assert digest == hashlib.sha256(graph.read_bytes()).hexdigest()
    assert name == graph.name == "jcarsr-lite-x2.16.onnx"


def test_one_that_does_not_run_is_an_error(tool: ModuleType, tmp_path: Path) -> None:
    value = onnx.helper.make_tensor_value_info
    half = onnx.helper.make_graph(  # as many pixels as before: the scale that it names is wrong
        [onnx.helper.make_node("Identity", ["input"], ["output"])],
        "half",
        [value("input", onnx.TensorProto.FLOAT, [1, 3, 8, 8])],
        [value("output", onnx.TensorProto.FLOAT, [1, 3, 8, 8])],
    )
    opset = onnx.helper.make_opsetid("", 20)
    model = onnx.helper.make_model(half, ir_version=10, opset_imports=[opset])
    onnx.helper.set_model_props(model, {"scale": "2"})
    onnx.save(model, str(tmp_path / "half.onnx"))
    with pytest.raises(tool.subprocess.CalledProcessError):
        tool.try_alone(tmp_path / "half.onnx")


def test_a_release_and_make_build_them_all(tool: ModuleType) -> None:
    assert {("jcarsr-lite-x2", None), ("jcarsr-lite-x4", None)} <= set(tool.GRAPHS)
    assert {("jcarsr-lite-x2", 512), ("jcarsr-lite-x4", 256)} <= set(tool.GRAPHS)
    for file in ("Makefile", ".github/workflows/release.yml"):
        assert re.search(r"tools/build_graphs\.py --out \S+", (ROOT / file).read_text())
