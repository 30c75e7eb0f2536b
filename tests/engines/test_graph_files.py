import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jcarsr import WeightsError
from jcarsr.engines.graph_files import Graphs, graph_path, identity
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.engines.openvino import OpenVINOEngine
from jcarsr.weights import read, write


def test_a_graph_of_other_weights_is_refused(exported: Path) -> None:
    graphs, own = Graphs(exported, "sr"), identity(exported, "sr")
    assert graphs.open(False, lambda path: (path, own)) == graph_path(exported, "sr")
    for said in (None, "", own.replace("sr", "lr"), own[:-1]):
        with pytest.raises(WeightsError, match=r"small\.sr\.onnx: made for other weights"):
            graphs.open(False, lambda path, said=said: (path, said))
    with pytest.raises(WeightsError, match=r"sr\.int8\.onnx: made for .* export --int8 writes"):
        graphs.open(True, lambda path: (path, own))


def test_the_same_tensors_at_other_places_are_other_weights(exported: Path, tmp_path: Path) -> None:
    """A graph reads the file's bytes at offsets; a longer record moves them all."""
    weights = Path(shutil.copy(exported, tmp_path))
    shutil.copy(graph_path(exported, "sr"), tmp_path)
    OnnxEngine(weights)
    loaded = read(weights)
    write(weights, loaded.tensors, replace(loaded.record, licence="a longer one than there was"))
    assert read(weights).record.sha256 == loaded.record.sha256
    for engine in (OnnxEngine, OpenVINOEngine):
        with pytest.raises(WeightsError, match=r"small\.sr\.onnx: made for other weights"):
            engine(weights, precision="float32").run(np.zeros((1, 3, 8, 8), np.float32))


@pytest.mark.parametrize("linked", [".safetensors", ".sr.onnx", ""])
def test_links_are_followed(
    exported: Path, tmp_path: Path, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the hub's cache is made of: names here, contents elsewhere, under other names."""
    monkeypatch.setenv("JCARSR_CACHE", "")
    for number, suffix in enumerate((".safetensors", ".sr.onnx")):
        name = f"small{suffix}"
        if suffix.endswith(linked):
            blob = tmp_path / "blobs" / str(number)
            blob.parent.mkdir(exist_ok=True)
            shutil.copy(exported.with_name(name), blob)
            (tmp_path / name).symlink_to(blob)
        else:
            shutil.copy(exported.with_name(name), tmp_path)
    lq = np.random.default_rng(0).random((1, 3, 9, 8), np.float32)
    expected = OnnxEngine(exported).run(lq)
    for engine in (OnnxEngine, OpenVINOEngine):
        own = engine(tmp_path / "small.safetensors", precision="float32")
        np.testing.assert_allclose(own.run(lq), expected, atol=1e-4)


def test_outputs_without_eight_bits_take_their_only_graph(exported: Path) -> None:
    said = identity(exported, "gradient")
    path = Graphs(exported, "gradient").open(True, lambda path: (path, said))
    assert path == graph_path(exported, "gradient")


def test_why_a_graph_cannot_be_loaded_is_told_in_a_line(exported: Path) -> None:
    def load(path: Path) -> tuple[None, None]:
        raise RuntimeError("Exception from a file:\n  it is no graph\n\n")

    with pytest.raises(WeightsError) as error:
        Graphs(exported, "sr").open(False, load)
    assert str(error.value).endswith("small.sr.onnx: cannot be loaded (it is no graph)")


def test_missing_graph_and_damaged_weights_are_told(exported: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.safetensors"
    data = exported.read_bytes()
    alone.write_bytes(data)
    with pytest.raises(WeightsError, match=r"alone\.sr\.onnx: missing, jcarsr export writes it"):
        Graphs(alone, "sr").open(False, lambda path: (path, ""))
    with pytest.raises(WeightsError, match=r"int8\.onnx: missing, jcarsr export --int8 writes it"):
        Graphs(alone, "lr").open(True, lambda path: (path, ""))
    alone.write_bytes(data[:-2] + b"\0\1")
    with pytest.raises(WeightsError, match="damaged"):
        Graphs(alone, "sr")
