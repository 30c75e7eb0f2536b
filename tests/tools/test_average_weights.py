import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from jcarsr import JCARSRConfig
from jcarsr.weights import Record, read, write

CONFIG = JCARSRConfig(scale=2, channels=8)


def stored(path: Path, values: list[float], steps: int, config: JCARSRConfig = CONFIG) -> Path:
    training = {"steps": steps}
    record = Record(
        name="n", **config.described(), training=training, scores={"Set5 x2 QF 10": [28, 0.8]}
    )
    write(path, {"a": np.array(values, np.float32)}, record)
    return path


def test_mean_says_of_what_it_is_the_mean_and_claims_no_scores(
    tmp_path: Path, tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = stored(tmp_path / "1.safetensors", [1.0, -4.0], 10)
    two = stored(tmp_path / "2.safetensors", [2.0, 4.0], 20)
    out = tmp_path / "mean.safetensors"
    monkeypatch.setattr(sys, "argv", ["average", str(one), str(two), "--out", str(out)])
    assert tool.main() == 0
    mean = read(out)
    np.testing.assert_array_equal(mean.tensors["a"], np.array([1.5, 0.0], np.float16))
    parts = mean.record.training["mean_of"]
    assert [part["steps"] for part in parts] == [10, 20]
    assert [part["sha256"] for part in parts] == [read(path).record.sha256 for path in (one, two)]
    assert mean.record.scores == {}


def test_another_network_is_refused_in_a_line(
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = stored(tmp_path / "1.safetensors", [1.0], 10, JCARSRConfig(scale=4, channels=8))
    two, out = stored(tmp_path / "2.safetensors", [2.0], 20), tmp_path / "mean.safetensors"
    monkeypatch.setattr(sys, "argv", ["average", str(one), str(two), "--out", str(out)])
    assert tool.main() == 1
    assert capsys.readouterr().err == f"error: {one}: not the network of {two}\n"
    assert not out.exists()
