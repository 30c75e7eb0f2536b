from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from jcarsr import JCARSRConfig, WeightsError
from jcarsr.weights import Record, Tensors, read, write
from jcarsr.weights.add import add_training


def stored(path: Path, scale: Literal[2, 4], tensors: Tensors) -> Path:
    config = JCARSRConfig(scale=scale, channels=8)
    record = Record(name=f"x{scale}", **config.describe(), scores={"Set5 x4 QF 10": [24, 0.7]})
    write(path, tensors, record)
    return path


def test_difference_is_added_to_what_all_three_have(tmp_path: Path) -> None:
    one, two = np.ones(1, np.float32), np.ones(2, np.float32)
    own = stored(tmp_path / "4", 4, {"trunk": 8 * two, "tail": 3 * two, "last": 5 * one})
    before = stored(tmp_path / "2", 2, {"trunk": 1 * two, "tail": 1 * one})
    after = stored(tmp_path / "2+", 2, {"trunk": np.array([1.5, 0.5], np.float32), "tail": 2 * one})
    out = tmp_path / "out"
    assert add_training(own, before, after, out) == (1, 3)
    summed = read(out)
    assert {name: values.tolist() for name, values in summed.tensors.items()} == {
        "trunk": [8.5, 7.5],
        "tail": [3, 3],  # another shape than x2's
        "last": [5],
    }
    parts = summed.record.training["sum_of"]
    assert [parts[key]["sha256"] for key in ("weights", "before", "after")] == [
        read(path).record.sha256 for path in (own, before, after)
    ]
    assert summed.record.name == "x4"
    assert summed.record.scores == {}


def test_strangers_are_refused(tmp_path: Path) -> None:
    own = stored(tmp_path / "4", 4, {"trunk": np.ones(1, np.float32)})
    other = stored(tmp_path / "2", 2, {"stem": np.ones(1, np.float32)})
    out = tmp_path / "out"
    with pytest.raises(WeightsError, match=r"4: has no tensor in common with .*2 and .*2$"):
        add_training(own, other, other, out)
    assert not out.exists()
