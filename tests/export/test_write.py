import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx_ir import load

from jcarsr import WeightsError
from jcarsr.engines.graph_files import graph_path
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.export import write
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.partfile import PART
from jcarsr.protocols import Output

FACTS = JCARSRConfig(scale=2).facts


@pytest.fixture
def copied(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The exported folder, and an exporter that takes its graphs instead of tracing anew."""
    monkeypatch.setattr(
        write,
        "trace",
        lambda weights, outputs: {output: load(graph_path(exported, output)) for output in outputs},
    )
    monkeypatch.setattr(
        write,
        "build_int8",
        lambda traced, weights, output, calibration: load(graph_path(exported, output, int8=True)),
    )
    return Path(shutil.copy(exported, tmp_path))


def test_graphs_lie_beside_the_weights_and_nothing_else(copied: Path) -> None:
    seen: list[Path] = []
    before = copied.read_bytes()
    graphs = write.export(copied, on_graph=seen.append)
    assert graphs == seen == [graph_path(copied, output) for output in FACTS.restoring_outputs]
    assert sorted(copied.parent.iterdir()) == sorted([copied, *graphs])
    assert copied.read_bytes() == before
    write.export(copied)  # again, over the old ones


def test_two_exports_at_once_and_one_that_was_killed(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copied.parent / f".dead{PART}").mkdir()
    check, others = write.check, list[Path]()

    def check_and_export(weights: Path, output: Output) -> None:
        if not others:
            others.append(weights)  # once
            others.extend(write.export(copied))
        check(weights, output)

    monkeypatch.setattr(write, "check", check_and_export)
    graphs = write.export(copied)
    assert others[1:] == graphs
    assert sorted(copied.parent.iterdir()) == sorted([copied, *graphs])


def test_another_folder_gets_the_weights_too(copied: Path, tmp_path: Path) -> None:
    graphs = write.export(copied, tmp_path / "a" / "b")
    kept = tmp_path / "a" / "b" / copied.name
    assert kept.read_bytes() == copied.read_bytes()
    assert sorted(kept.parent.iterdir()) == sorted([kept, *graphs])
    assert OnnxEngine(kept, "sr").run(np.zeros((1, 3, 8, 9), np.float32)).shape == (1, 3, 16, 18)


def test_a_graph_that_computes_something_else_is_not_kept(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Off(OnnxEngine):
        def run(self, lq: np.ndarray, *, full_precision: bool = False) -> np.ndarray:
            return super().run(lq) + np.float32(0.002)

    monkeypatch.setattr(write, "OnnxEngine", Off)
    with pytest.raises(WeightsError, match=r"ONNX Runtime is off by 0\.002 \(sr\)"):
        write.export(copied)
    assert list(copied.parent.iterdir()) == [copied]


def test_a_network_whose_values_are_not_finite_is_not_kept(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(OnnxEngine):
        def run(self, lq: np.ndarray, *, full_precision: bool = False) -> np.ndarray:
            return np.full_like(super().run(lq), np.nan)

    monkeypatch.setattr(write, "OnnxEngine", Broken)
    with pytest.raises(WeightsError, match="off by nan"):
        write.export(copied)


def test_only_outputs_that_are_asked_for_get_graphs(copied: Path) -> None:
    assert write.export(copied, outputs=["gradient"]) == [graph_path(copied, "gradient")]
    assert sorted(copied.parent.iterdir()) == sorted([copied, graph_path(copied, "gradient")])


def test_eight_bits_only_where_inputs_are_given_and_only_good_ones(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibration = [np.random.default_rng(5).random((1, 3, 40, 40), np.float32)]
    graphs = write.export(copied, calibration=calibration)
    eight = graph_path(copied, "sr", int8=True)
    assert sorted(graphs) == sorted(
        [eight, *(graph_path(copied, output) for output in FACTS.restoring_outputs)]
    )
    assert all(graph.is_file() for graph in graphs)
    for graph in graphs:
        graph.unlink()
    monkeypatch.setattr(write, "INT8_AGREEMENT", 200.0)
    with pytest.raises(WeightsError, match=r"8 bits agree within \d+\.\d dB only \(sr\)"):
        write.export(copied, calibration=calibration)
    assert list(copied.parent.iterdir()) == [copied]


def test_engines_agree_on_the_exported_network(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "TOLERANCE", 2e-4)  # the merged kernel is stored as fp16, 11 bits
    for output in FACTS.restoring_outputs:
        write.check(exported, output)
