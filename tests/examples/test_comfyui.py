"""The nodes as ComfyUI finds, asks and runs them; ComfyUI and spandrel are not needed."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import jcarsr.integrations
from jcarsr import Restorer, Target
from jcarsr.pixels import Pixels
from jcarsr.weights import bundled_names

FOLDER = Path(__file__).parents[2] / "examples" / "comfyui" / "jcarsr"


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The folder, imported by its path as ComfyUI does."""
    name = "jcarsr.integrations.spandrel"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(jcarsr.integrations, "spandrel", sys.modules[name], raising=False)
    spec = importlib.util.spec_from_file_location(str(FOLDER), FOLDER / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, str(FOLDER), module)
    spec.loader.exec_module(module)
    return module


def test_nodes_are_described_as_the_protocol_asks(nodes: Any) -> None:
    assert nodes.NODE_CLASS_MAPPINGS.keys() == nodes.NODE_DISPLAY_NAME_MAPPINGS.keys()
    for node in nodes.NODE_CLASS_MAPPINGS.values():
        inputs = node.INPUT_TYPES()["required"]
        function = getattr(node(), node.FUNCTION)
        assert list(inputs) == list(function.__annotations__)[: len(inputs)]
        for kind, *options in inputs.values():
            if isinstance(kind, list):
                assert kind
                assert not options or options[0]["default"] in kind
            else:
                assert kind in ("IMAGE", "FLOAT")
        assert all(isinstance(kind, str) for kind in (*node.RETURN_TYPES, node.CATEGORY))
    (names,) = nodes.JCARSRUpscaleModel.INPUT_TYPES()["required"]["weights"]
    assert names == bundled_names()


@pytest.mark.parametrize("channels", [3, 4])
def test_a_batch_is_restored_as_by_the_package(nodes: Any, photo: Pixels, channels: int) -> None:
    pixels = np.stack([photo[:40, :48], photo[60:100, 60:108]])
    image = torch.rand(2, 40, 48, channels)  # the fourth is left out
    image[..., :3] = torch.from_numpy(pixels).float() / 255
    (restored,) = nodes.JCARSRRestore().restore(image=image, scale=2, strength=0.5)
    assert restored.dtype == torch.float32
    expected = [Restorer().restore(one, Target(scale=2), strength=0.5) for one in pixels]
    np.testing.assert_array_equal((restored * 255).round().byte().numpy(), np.stack(expected))
