"""The real library, when the hub has gone."""

import shutil
from pathlib import Path

import pytest
from support.hub import as_the_hub

from jcarsr import JCARSRError, Restorer
from jcarsr.hub.pull import pull
from jcarsr.hub.push import push
from jcarsr.pixels import Pixels
from jcarsr.weights import PRETRAINED


def test_the_cache_serves_and_nothing_else_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: Pixels
) -> None:
    with as_the_hub(tmp_path, monkeypatch):
        push(PRETRAINED / "jcarsr-lite-x2.safetensors", "me/lite")
        weights = pull("me/lite")
    assert pull("me/lite") == weights
    restorer = Restorer.from_pretrained("me/lite", engine="onnx")
    expected = Restorer("jcarsr-lite-x2", engine="onnx").restore(photo[:40, :48])
    assert restorer.restore(photo[:40, :48]).tobytes() == expected.tobytes()
    with pytest.raises(JCARSRError, match=r"^me/lite: the hub cannot be reached$"):
        push(PRETRAINED / "jcarsr-lite-x2.safetensors", "me/lite")
    reason = "the hub cannot be reached, and it is not in the cache"
    with pytest.raises(JCARSRError, match=rf"^me/other: {reason}"):
        pull("me/other")
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(JCARSRError, match=rf"^me/lite: {reason}"):
        pull("me/lite")
