from dataclasses import replace
from pathlib import Path

import pytest

from jcarsr import WeightsError
from jcarsr.engines import select
from jcarsr.engines.base import EngineOptions
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.engines.openvino import OpenVINOEngine, supports_bfloat16
from jcarsr.engines.select import Engines, openvino_has_bfloat16, torch_has_gpu
from jcarsr.engines.torch import TorchEngine
from jcarsr.protocols import EngineName
from jcarsr.weights import find


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Pretend that only these are installed, whether PyTorch has a GPU and the CPU bfloat16."""

    def pretend(*installed: EngineName, gpu: bool = False, bfloat16: bool = True) -> None:
        monkeypatch.setattr(select, "_is_installed", lambda name: name in installed)
        monkeypatch.setattr(select, "torch_has_gpu", lambda: gpu)
        monkeypatch.setattr(select, "openvino_has_bfloat16", lambda: bfloat16)

    return pretend


def test_auto_takes_the_best_that_is_there(machine, exported: Path) -> None:
    for installed, gpu, expected in [
        (("onnx",), False, "onnx"),
        (("onnx", "openvino"), False, "openvino"),
        (("onnx", "openvino", "torch"), False, "openvino"),
        (("onnx", "openvino", "torch"), True, "torch"),
        (("torch",), False, "torch"),
    ]:
        machine(*installed, gpu=gpu)
        assert Engines().choose(exported) == expected
    machine("onnx", "torch", gpu=True)
    assert Engines(EngineOptions(device="cpu")).choose(exported) == "onnx"
    assert Engines(EngineOptions(device="cuda")).choose(exported) == "torch"
    assert Engines(EngineOptions(engine="onnx")).choose(exported) == "onnx"
    assert Engines(EngineOptions(precision="int8")).choose(exported) == "onnx"
    machine("onnx", "torch")
    assert Engines(EngineOptions(precision="bfloat16")).choose(exported) == "torch"


def test_openvino_is_taken_where_it_is_quicker(machine, exported: Path) -> None:
    machine("onnx", "openvino", bfloat16=False)
    assert Engines().choose(exported) == "onnx"
    assert Engines(EngineOptions(precision="int8")).choose(exported) == "onnx"
    assert Engines(EngineOptions(engine="openvino")).choose(exported) == "openvino"
    machine("openvino", bfloat16=False)
    assert Engines().choose(exported) == "openvino"


def test_float32_is_not_called_bfloat16(machine, exported: Path) -> None:
    options = EngineOptions(precision="bfloat16")
    machine("onnx", "openvino", bfloat16=True)
    assert Engines(options).choose(exported) == "openvino"
    machine("onnx", "openvino", "torch", bfloat16=False)
    assert Engines(options).choose(exported) == "torch"
    with pytest.raises(ValueError, match="openvino computes in float32 on this CPU"):
        Engines(replace(options, engine="openvino"))
    machine("onnx", "openvino", bfloat16=False)
    with pytest.raises(WeightsError, match=r"needs PyTorch.*pip install 'jcarsr\[torch\]'"):
        Engines(options).choose(exported)
    machine("onnx")
    with pytest.raises(WeightsError, match=r"or OpenVINO.*pip install 'jcarsr\[openvino\]'"):
        Engines(options).choose(exported)


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="Linux says it there")
def test_bfloat16_is_what_the_kernel_says() -> None:
    flags = Path("/proc/cpuinfo").read_text().split()
    assert openvino_has_bfloat16() == ("avx512_bf16" in flags or "amx_bf16" in flags)
    assert openvino_has_bfloat16() == supports_bfloat16()


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512f\nbugs\t\t: amx_bf16\n", False),
        ("flags\t\t: fpu avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu amx_bf16\n", True),
        ("flags\t\t: avx2 avx_ne_convert\n", True),
        ("Features\t: fp asimd bf16\n", True),  # ARM
        (None, True),  # not Linux
    ],
)
def test_openvino_is_asked_unless_linux_knows(
    listed: str | None, asked: bool, tmp_path: Path
) -> None:
    file = tmp_path / "cpuinfo"
    if listed is not None:
        file.write_text(listed)
    assert select._may_have_bfloat16(file) == asked  # pyright: ignore


def test_weights_without_graphs_need_pytorch(machine, tiny_weights: Path) -> None:
    machine("onnx", "openvino", "torch")
    assert Engines().choose(tiny_weights) == "torch"
    machine("onnx", "openvino")
    with pytest.raises(WeightsError, match=r"tiny\.safetensors: has no graph .* 'jcarsr\[torch\]'"):
        Engines().choose(tiny_weights)
    machine("onnx")
    bundled = find("jcarsr-lite-x2")  # which has a graph
    with pytest.raises(WeightsError, match="bfloat16 needs PyTorch, or OpenVINO"):
        Engines(EngineOptions(precision="bfloat16")).choose(bundled)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (EngineOptions(engine="foo"), "engine must be one of auto, onnx, .* got 'foo'"),  # pyright: ignore[reportArgumentType]
        (EngineOptions(engine="openvino"), r"openvino is not installed: .*'jcarsr\[openvino\]'"),
        (EngineOptions(engine="torch"), r"torch is not installed: pip install 'jcarsr\[torch\]'"),
        (EngineOptions(device="cuda"), r"cuda needs PyTorch: pip install 'jcarsr\[torch\]'"),
        (EngineOptions(engine="onnx", device="mps"), "onnx computes on the CPU, .* mps"),
        (EngineOptions(engine="onnx", precision="bfloat16"), "onnx computes in float32 or int8"),
        (EngineOptions(precision="int8", device="cuda"), "int8 is for the engines onnx and openvi"),
        (EngineOptions(precision="half"), "precision must be one of auto, .* got 'half'"),  # pyright: ignore[reportArgumentType]
        (EngineOptions(threads=0), "threads must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_is_refused_at_once(machine, options: EngineOptions, message: str) -> None:
    machine("onnx")
    with pytest.raises(ValueError, match=message):
        Engines(options)


def test_every_name_opens_its_engine(exported: Path) -> None:
    kinds = {"onnx": OnnxEngine, "openvino": OpenVINOEngine, "torch": TorchEngine}
    libraries = {"onnx": "onnxruntime", "openvino": "openvino", "torch": "torch"}
    for name, kind in kinds.items():
        backend = Engines(EngineOptions(engine=name, device="cpu"))
        assert isinstance(backend.open(exported, "sr"), kind)
        assert backend.library(exported) == libraries[name]


def test_pytorch_is_not_imported_to_look_for_a_gpu_without_a_driver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    monkeypatch.setattr(select, "_has_driver", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: 1 / 0)
    assert not torch_has_gpu()


@pytest.mark.parametrize("available", [True, False])
def test_with_a_driver_pytorch_decides(monkeypatch: pytest.MonkeyPatch, available: bool) -> None:
    import torch

    monkeypatch.setattr(select, "_has_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert torch_has_gpu() is available
