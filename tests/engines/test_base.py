from pathlib import Path

import psutil
import pytest

from jcarsr.engines.base import default_threads
from jcarsr.engines.onnx import OnnxEngine


@pytest.mark.parametrize(
    ("said", "threads"),
    [("3", 3), (" 2 ", 2), ("4,2", 4), ("", None), ("0", None), ("-1", None), ("many", None)],
)
def test_environment_says_how_many_threads(
    monkeypatch: pytest.MonkeyPatch, said: str, threads: int | None
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert default_threads() == threads
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert default_threads() is None


@pytest.mark.parametrize(("said", "own"), [("1", 0), ("4", 3)])
def test_onnx_runtime_starts_no_more(
    exported: Path, monkeypatch: pytest.MonkeyPatch, said: str, own: int
) -> None:
    """The operating system counts: the caller is one of those that compute."""
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    process = psutil.Process()
    before = process.num_threads()
    engine = OnnxEngine(exported)
    assert process.num_threads() - before == own
    assert engine.scale == 2
