from pathlib import Path

import pytest

from jcarsr import JCARSRConfig, WeightsError
from jcarsr.inference.graphs import (
    checked_record,
    graph_path,
    identity,
    output_scale,
    refuse_other,
)
from jcarsr.weights import Record

RECORD = Record(name="n", config=JCARSRConfig(scale=4), sha256="abc")


def test_scale_of_an_output() -> None:
    assert [output_scale(RECORD, output) for output in ("sr", "lr", "gradient")] == [4, 1, 4]


def test_a_graph_of_other_weights_is_refused(tmp_path: Path) -> None:
    graph = tmp_path / "n.sr.onnx"
    refuse_other(graph, identity(RECORD, "sr"), RECORD, "sr")
    for said in (None, "", identity(RECORD, "lr"), "n sr abd"):
        with pytest.raises(WeightsError, match=r"n\.sr\.onnx: made for other weights"):
            refuse_other(graph, said, RECORD, "sr")


def test_missing_graph_and_damaged_weights_are_told(exported: Path, tmp_path: Path) -> None:
    assert checked_record(exported, "sr").name == "small"
    alone = tmp_path / "alone.safetensors"
    data = exported.read_bytes()
    alone.write_bytes(data)
    with pytest.raises(WeightsError, match=r"alone\.sr\.onnx: missing, jcarsr export writes it"):
        checked_record(alone, "sr")
    alone.write_bytes(data[:-2] + b"\0\1")
    graph_path(alone, "sr").touch()
    with pytest.raises(WeightsError, match="damaged"):
        checked_record(alone, "sr")
