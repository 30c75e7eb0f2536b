from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hub import Hub, as_the_hub

from jcarsr.weights import PRETRAINED


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with as_the_hub(tmp_path, monkeypatch) as hub:
        hub.token = "hf_made_up"
        monkeypatch.setenv("HF_TOKEN", hub.token)
        yield hub


@pytest.fixture
def lite(tmp_path: Path) -> Path:
    """Bundled weights with the graph of one output, in a folder of their own."""
    folder = tmp_path / "run"
    folder.mkdir()
    for ending in ("sr.onnx", "safetensors"):
        path = Path(shutil.copy(PRETRAINED / f"jcarsr-lite-x2.{ending}", folder))
    return path
