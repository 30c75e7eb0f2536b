from pathlib import Path

import pytest

from jcarsr import JCARSRConfig, WeightsError
from jcarsr.engines.graph_files import Graphs, graph_path, identity
from jcarsr.weights import Record, read_record

RECORD = Record(name="n", **JCARSRConfig(scale=4).describe(), sha256="abc")


def test_a_graph_of_other_weights_is_refused(exported: Path) -> None:
    graphs, own = Graphs(exported, "sr"), identity(read_record(exported), "sr")
    assert graphs.open(False, lambda path: (path, own)) == graph_path(exported, "sr")
    for said in (None, "", own.replace("sr", "lr"), own[:-1]):
        with pytest.raises(WeightsError, match=r"small\.sr\.onnx: made for other weights"):
            graphs.open(False, lambda path, said=said: (path, said))
    with pytest.raises(WeightsError, match=r"sr\.int8\.onnx: made for .* export --int8 writes"):
        graphs.open(True, lambda path: (path, own))


def test_outputs_without_eight_bits_take_their_only_graph(exported: Path) -> None:
    said = identity(read_record(exported), "gradient")
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
