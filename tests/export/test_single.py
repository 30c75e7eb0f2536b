"""One-file graphs, as plain ONNX Runtime and the `onnx` package see them."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir
import onnxruntime
import pytest

from jcarsr import WeightsError
from jcarsr.engines.graph_files import graph_path
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.export import onnx_graph, single, write
from jcarsr.export.single import export_single, single_path
from jcarsr.networks.catalog import build_preset
from jcarsr.pixels import Planes
from jcarsr.weights import PRETRAINED, Record, read, read_record
from jcarsr.weights import write as write_weights


def planes(*size: int) -> Planes:
    return np.random.default_rng(3).random((1, 3, *size), np.float32)


def run(graph: Path, lq: Planes) -> Planes:
    library: Any = onnxruntime
    session = library.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    return session.run(["output"], {"input": lq})[0]


def shape(value: onnx.ValueInfoProto) -> list[str | int]:
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def test_it_is_all_that_is_written_and_equals_the_two_files_bit_for_bit(
    exported: Path, tmp_path: Path
) -> None:
    target = single_path(exported, tmp_path / "new")
    assert export_single(exported, target) == target
    assert list(target.parent.iterdir()) == [target]
    for size in ((40, 56), (17, 23), (64, 1)):
        lq = planes(*size)
        np.testing.assert_array_equal(run(target, lq), OnnxEngine(exported).run(lq))
    before = target.read_bytes()
    export_single(exported, target)
    assert target.read_bytes() == before


@pytest.mark.parametrize("scale", [2, 4])
def test_bundled_weights_alone_in_an_empty_folder_need_onnx_runtime_alone(
    scale: int, tmp_path: Path
) -> None:
    weights = PRETRAINED / f"jcarsr-lite-x{scale}.safetensors"
    export_single(weights, tmp_path / "one.onnx")
    np.save(tmp_path / "lq.npy", planes(24, 18))
    code = (
        "import sys, numpy as np, onnxruntime as ort\n"
        "session = ort.InferenceSession('one.onnx', providers=['CPUExecutionProvider'])\n"
        "np.save('sr.npy', session.run(None, {'input': np.load('lq.npy')})[0])\n"
        "assert not {'jcarsr', 'onnx', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, check=True)
    sr = np.load(tmp_path / "sr.npy")
    assert sr.shape == (1, 3, 24 * scale, 18 * scale)
    np.testing.assert_array_equal(sr, OnnxEngine(weights).run(planes(24, 18)))
    assert (tmp_path / "one.onnx").stat().st_size < 1_300_000


def test_names_sizes_and_metadata_are_what_other_programs_read(
    exported: Path, tmp_path: Path
) -> None:
    target = export_single(exported, tmp_path / "one.onnx")
    onnx.checker.check_model(str(target), full_check=True)
    model = onnx.load_model_from_string(target.read_bytes())
    (lq,), (sr,) = model.graph.input, model.graph.output
    assert (lq.name, shape(lq)) == ("input", ["batch", 3, "height", "width"])
    assert (sr.name, shape(sr)) == ("output", ["batch", 3, "2*height", "2*width"])
    record = read_record(exported)
    said = {entry.key: entry.value for entry in model.metadata_props}
    expected = {"name": "small", "scale": "2", "licence": "", "sha256": record.sha256}
    assert said == expected
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 20)]
    # as chaiNNer finds the scale
    for dim in lq.type.tensor_type.shape.dim[2:]:
        dim.dim_value = 16
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    assert shape(inferred.graph.output[0])[2:] == [32, 32]


def test_a_static_one_takes_its_size_alone(exported: Path, tmp_path: Path) -> None:
    target = single_path(exported, tmp_path, 32)
    assert target.name == "small.32.onnx"
    export_single(exported, target, 32)
    onnx.checker.check_model(str(target), full_check=True)
    graph = onnx.load(str(target)).graph
    assert shape(graph.input[0]) == [1, 3, 32, 32]
    assert shape(graph.output[0]) == [1, 3, 64, 64]
    lq = planes(32, 32)
    np.testing.assert_allclose(run(target, lq), OnnxEngine(exported).run(lq), atol=1e-5)
    with pytest.raises(Exception, match="invalid dimensions"):
        run(target, planes(32, 40))


@pytest.mark.parametrize("tile", [0, 15, 1025, -512])
def test_a_side_that_nothing_computes_is_refused(exported: Path, tmp_path: Path, tile: int) -> None:
    with pytest.raises(ValueError, match=f"--tile {tile}: from 16 to 1024 pixels"):
        export_single(exported, tmp_path / "one.onnx", tile)
    assert list(tmp_path.iterdir()) == []


def copy_of(exported: Path, folder: Path, graph: str) -> Path:
    """The weights, with their graph, one that is damaged, another's, or none."""
    weights = Path(shutil.copy(exported, folder))
    if graph == "damaged":
        graph_path(weights, "sr").write_bytes(b"no graph")
    elif graph == "another's":
        other = read(exported)
        write_weights(weights, {**other.tensors, "sr_head.bias": np.ones(8)}, other.record)
        shutil.copy(graph_path(exported, "sr"), folder)
    return weights


@pytest.mark.parametrize("graph", ["damaged", "another's", "none"])
def test_without_the_weights_own_graph_they_are_traced(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graph: str
) -> None:
    """Tracing takes seconds; here it returns the graph, and PyTorch computes what is compared."""
    weights = copy_of(exported, tmp_path, graph)
    traced: list[str] = []

    def trace(weights: Path, outputs: list[str]) -> dict[str, onnx_ir.Model]:
        traced.extend(outputs)
        return {"sr": onnx_ir.load(graph_path(exported, "sr"))}

    monkeypatch.setattr(onnx_graph, "trace", trace)
    before = sorted(tmp_path.iterdir())
    target = export_single(weights, tmp_path / "out" / "one.onnx")
    assert traced == ["sr"]
    lq = planes(20, 30)
    expected = write.TorchEngine(write.load_network(read(weights)), "cpu", "sr").run(lq)
    np.testing.assert_allclose(run(target, lq), expected, atol=1e-5)
    assert sorted(tmp_path.iterdir()) == sorted([*before, target.parent])


def test_one_that_computes_something_else_is_not_kept(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Off(OnnxEngine):
        def run(self, *given: Any, **options: Any) -> Planes:
            return super().run(*given, **options) + np.float32(1e-3)

    monkeypatch.setattr(single, "OnnxEngine", Off)
    (tmp_path / "one.onnx").write_bytes(b"older")
    with pytest.raises(WeightsError, match=r"small\.safetensors: in one file it is off by 0\.001"):
        export_single(exported, tmp_path / "one.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["one.onnx"]
    assert (tmp_path / "one.onnx").read_bytes() == b"older"


def test_a_network_that_reads_tables_has_none(tmp_path: Path) -> None:
    network = build_preset("qgcn-lite")
    path = tmp_path / "qgcn.safetensors"
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    write_weights(path, tensors, Record(name="qgcn-lite", **network.describe()))
    with pytest.raises(WeightsError, match="reads a JPEG's tables"):
        export_single(path, tmp_path / "one.onnx")


@pytest.mark.slow
def test_a_network_that_only_cleans_keeps_the_size(tmp_path: Path) -> None:
    network = build_preset("dncnn3")
    path = tmp_path / "dncnn.safetensors"
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    write_weights(path, tensors, Record(name="dncnn3", **network.describe()))
    target = export_single(path, tmp_path / "one.onnx")
    graph = onnx.load(str(target)).graph
    assert shape(graph.output[0]) == ["batch", 3, "height", "width"]
    assert run(target, planes(20, 24)).shape == (1, 3, 20, 24)
