import platform
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from jcarsr import devices
from jcarsr.devices import find_device, open_device, supports_bfloat16, try_device


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="Linux says it there")
def test_cpus_bfloat16_is_what_the_kernel_says() -> None:
    flags = Path("/proc/cpuinfo").read_text().split()
    assert supports_bfloat16("cpu") == ("avx512_bf16" in flags or "amx_bf16" in flags)


@pytest.mark.parametrize("instructions", ["avx512_bf16", "amx_bf16"])
def test_cpu_with_bfloat16(monkeypatch: pytest.MonkeyPatch, instructions: str) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {instructions: True}, raising=False)
    assert supports_bfloat16("cpu")


def test_without_knowledge_none_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not supports_bfloat16("cpu")
    assert not supports_bfloat16("mps")


@pytest.mark.parametrize("able", [True, False])
def test_cuda_is_not_asked_to_emulate(monkeypatch: pytest.MonkeyPatch, able: bool) -> None:
    """As on cards before Ampere: they say yes if emulation counts."""
    monkeypatch.setattr(
        torch.cuda,
        "is_bf16_supported",
        lambda including_emulation=True: including_emulation or able,
    )
    monkeypatch.setattr(torch.cuda, "device", nullcontext)
    assert supports_bfloat16("cuda") == able


def test_auto_takes_the_best_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"cuda": True, "mps": True}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there["cuda"])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there["mps"])
    assert find_device("auto") == "cuda"
    there["cuda"] = False
    assert find_device("auto") == "mps"
    assert find_device("cpu") == "cpu"
    with pytest.raises(ValueError, match="cuda is not available"):
        find_device("cuda")
    there["mps"] = False
    assert find_device("auto") == "cpu"


def test_gpu_is_the_one_of_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert open_device("cuda", 2) == torch.device("cuda:2")
    assert open_device("cuda") == open_device("auto") == torch.device("cuda")
    assert open_device("cpu") == torch.device("cpu")
    with pytest.raises(ValueError, match="cuda:3 is not available: there is cuda:0 to cuda:2"):
        open_device("cuda", 3)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match="cuda:1 is not available: there is cuda:0 alone"):
        open_device("cuda", 1)


def test_device_that_cannot_compute_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    try_device(torch.device("cpu"))

    def fail(*arguments: object, **named: object) -> torch.Tensor:
        raise RuntimeError("CUDA error: all CUDA-capable devices are busy\nCUDA kernel errors")

    monkeypatch.setattr(torch, "ones", fail)
    with pytest.raises(
        ValueError, match=r"^device cuda:1 cannot be used: CUDA error: all CUDA-[^\n]*$"
    ):
        try_device(torch.device("cuda:1"))


@pytest.mark.skipif(torch.backends.cuda.is_built(), reason="PyTorch is built for CUDA")
def test_pytorch_without_cuda_is_one_line() -> None:
    with pytest.raises(ValueError, match=r"^device cuda:1 cannot be used: [^\n]*CUDA[^\n]*$"):
        try_device(torch.device("cuda:1"))


def test_linux_names_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: AMD EPYC 7763: 64-Core\nmodel name\t: other\n")
    assert devices.name_processor(file) == "AMD EPYC 7763: 64-Core"
    file.write_text("processor\t: 0\nCPU part\t: 0xd0c\n")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert devices.name_processor(file) == devices.name_processor(tmp_path / "none") == "aarch64"


def test_device_is_named_as_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "name_processor", lambda: "A CPU")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert devices.name_device("cpu") == "A CPU, 4 threads"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100")
    assert devices.name_device("auto") == "NVIDIA H100"
