"""Our weight files by spandrel's loader, against our engine.

They need `pip install --no-deps spandrel einops`; torchvision is not needed.
"""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from jcarsr.engines.onnx import OnnxEngine
from jcarsr.engines.torch import TorchEngine
from jcarsr.weights import PRETRAINED, bundled_names, read

pytestmark = [pytest.mark.reference, pytest.mark.filterwarnings("ignore")]

NODES = Path(__file__).parents[2] / "examples/comfyui/jcarsr/__init__.py"


@pytest.fixture(scope="module", autouse=True)
def _no_torchvision() -> Iterator[None]:
    """Empty modules in place of torchvision, unless it is there; skips without spandrel."""
    pytest.importorskip("einops")
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("torchvision") is None:
            functional: Any = ModuleType("torchvision.transforms.functional")
            functional.InterpolationMode = functional.rotate = functional.normalize = None
            for name in ("torchvision", "torchvision.transforms"):
                patch.setitem(sys.modules, name, ModuleType(name))
            patch.setitem(sys.modules, functional.__name__, functional)
        pytest.importorskip("spandrel")
        yield


def load_model(path: Path) -> Any:
    from spandrel import ModelLoader

    import jcarsr.integrations.spandrel  # noqa: F401

    return ModelLoader().load_from_file(path)


@pytest.mark.parametrize("name", bundled_names())
def test_every_bundled_file_is_loaded_and_computes_the_same(name: str) -> None:
    path = PRETRAINED / f"{name}.safetensors"
    model = load_model(path)
    assert model.architecture.id == "JCARSR"
    assert f"x{model.scale}" == name[-2:]
    assert (model.purpose, model.input_channels, model.output_channels) == ("SR", 3, 3)
    lq = np.random.default_rng(2).random((1, 3, 33, 47), np.float32)
    sr = model(torch.from_numpy(lq)).numpy()
    expected = TorchEngine(read(path), "cpu").run(lq).clip(0, 1)
    np.testing.assert_allclose(sr, expected, atol=1e-5, rtol=0)
    rounded = OnnxEngine(path).run(lq).clip(0, 1)  # its graph holds the merged kernel as fp16
    np.testing.assert_allclose(sr, rounded, atol=0.1 / 255, rtol=0)


def test_it_may_be_installed_again_and_elsewhere() -> None:
    from spandrel import MAIN_REGISTRY, ArchRegistry

    from jcarsr.integrations.spandrel import install

    count = len(MAIN_REGISTRY)
    install()
    assert len(MAIN_REGISTRY) == count
    own = ArchRegistry()
    install(own)
    assert [support.architecture.id for support in own] == ["JCARSR"]


def test_networks_of_others_stay_theirs() -> None:
    from spandrel import ModelLoader
    from spandrel.architectures.RCAN import RCAN

    import jcarsr.integrations.spandrel  # noqa: F401

    state = RCAN(scale=2, n_resgroups=1, n_resblocks=1, n_feats=16, reduction=4).state_dict()
    assert ModelLoader().load_from_state_dict(state).architecture.id == "RCAN"


def test_comfyuis_node_loads_bundled_weights() -> None:
    spec = importlib.util.spec_from_file_location("jcarsr_nodes", NODES)
    assert spec is not None
    assert spec.loader is not None
    nodes: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nodes)
    (model,) = nodes.JCARSRUpscaleModel().load_model("jcarsr-lite-x4")
    sr = model(torch.full((1, 3, 8, 9), 0.5))
    assert sr.shape == (1, 3, 32, 36)
    assert (sr - 0.5).abs().max() < 0.1
