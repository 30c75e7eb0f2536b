import sys
from pathlib import Path

import pytest
from support.hub import Hub, has_no_request

from jcarsr import JCARSRError, Restorer
from jcarsr.hub.push import push
from jcarsr.pixels import Pixels


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_the_picture_is_that_of_the_pushed_file(
    hub: Hub, lite: Path, photo: Pixels, engine: str
) -> None:
    sha = push(lite, "me/lite").url.rpartition("/")[2]
    restorer = Restorer.from_pretrained("me/lite", revision=sha, engine=engine)
    expected = Restorer(str(lite), engine=engine).restore(photo[:40, :48])
    assert restorer.restore(photo[:40, :48]).tobytes() == expected.tobytes()
    assert has_no_request(hub, "GET *onnx") is (engine == "torch")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    message = r"^this needs huggingface_hub: pip install 'jcarsr\[hub\]'$"
    with pytest.raises(JCARSRError, match=message):
        Restorer.from_pretrained("me/lite")
    with pytest.raises(JCARSRError, match=message):
        push(tmp_path / "x.safetensors", "me/lite")
