import sys
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from jcarsr import JCARSRConfig
from jcarsr.weights import Record, read, write


def test_numbers_are_bfloat16s(tool: ModuleType) -> None:
    values = torch.randn(1000, generator=torch.Generator().manual_seed(0)).half()
    expected = values.to(torch.bfloat16).half()  # which loses nothing
    np.testing.assert_array_equal(tool.round_numbers(values.numpy()), expected.numpy())
    exact = np.array([0.0, -0.0, 1.0, -2.5, 255.0], np.float16)
    assert tool.round_numbers(exact).tobytes() == exact.tobytes()


def test_file_keeps_names_shapes_and_record_and_packs_better(
    tmp_path: Path, tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "a", tmp_path / "b"
    tensors = {"a": np.random.default_rng(1).normal(0, 0.1, (64, 8, 3)).astype(np.float32)}
    write(source, tensors, Record(name="a", **JCARSRConfig(scale=2, channels=8).describe()))
    monkeypatch.setattr(sys, "argv", ["round", str(source), "--out", str(out)])
    assert tool.main() == 0
    before, after = read(source), read(out)
    assert after.record.facts == before.record.facts
    np.testing.assert_allclose(after.tensors["a"], before.tensors["a"], rtol=2**-8)
    sizes = [len(zlib.compress(found.tensors["a"].tobytes())) for found in (after, before)]
    assert sizes[0] < 0.85 * sizes[1]


def test_a_missing_file_is_a_line(
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["round", str(tmp_path / "no"), "--out", str(tmp_path / "b")])
    assert tool.main() == 1
    assert str(tmp_path / "no") in capsys.readouterr().err
