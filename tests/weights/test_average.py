from pathlib import Path

import numpy as np
import pytest

from jcarsr import JCARSRConfig, WeightsError
from jcarsr.weights import Record, read, write
from jcarsr.weights.average import average

CONFIG = JCARSRConfig(scale=2, channels=8)


def stored(path: Path, values: list[float], steps: int, config: JCARSRConfig = CONFIG) -> Path:
    training = {"steps": steps}
    record = Record(
        name="n", **config.describe(), training=training, scores={"Set5 x2 QF 10": [28, 0.8]}
    )
    write(path, {"a": np.array(values, np.float32)}, record)
    return path


def test_mean_says_of_what_it_is_the_mean_and_claims_no_scores(tmp_path: Path) -> None:
    one = stored(tmp_path / "1.safetensors", [1.0, -4.0], 10)
    two = stored(tmp_path / "2.safetensors", [2.0, 4.0], 20)
    out = tmp_path / "mean.safetensors"
    average([one, two], out)
    mean = read(out)
    np.testing.assert_array_equal(mean.tensors["a"], np.array([1.5, 0.0], np.float16))
    parts = mean.record.training["mean_of"]
    assert [part["steps"] for part in parts] == [10, 20]
    assert [part["sha256"] for part in parts] == [read(path).record.sha256 for path in (one, two)]
    assert mean.record.scores == {}


def test_another_network_is_refused(tmp_path: Path) -> None:
    one = stored(tmp_path / "1.safetensors", [1.0], 10, JCARSRConfig(scale=4, channels=8))
    two, out = stored(tmp_path / "2.safetensors", [2.0], 20), tmp_path / "mean.safetensors"
    with pytest.raises(WeightsError, match=r"1\.safetensors: not the network of .*2\.safetensors$"):
        average([one, two], out)
    assert not out.exists()
