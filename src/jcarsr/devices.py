"""PyTorch's devices: which there are, what they compute in, and what they are called."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Literal, TypeAlias

import torch

from jcarsr.protocols import Device

FoundDevice: TypeAlias = Literal["cpu", "cuda", "mps"]
"""A device that is there."""

_CPUINFO = Path("/proc/cpuinfo")


def find_device(device: Device) -> FoundDevice:
    """The device asked for, or the best there is.

    Raises:
        ValueError: it is not there.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if device == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    if not {"cuda": cuda, "mps": mps}.get(device, True):
        raise ValueError(f"device {device} is not available: no such GPU, or a PyTorch without it")
    return device


def count_gpus() -> int:
    """Return how many GPUs of CUDA there are; CUDA_VISIBLE_DEVICES may hide some."""
    return torch.cuda.device_count()


def open_device(device: Device, gpu: int | None = None) -> torch.device:
    """Return PyTorch's device for the one asked for.

    Args:
        device: as for `find_device`.
        gpu: which of CUDA's, from 0; None = the first.

    Raises:
        ValueError: it is not there.
    """
    found = find_device(device)
    if gpu is None:
        return torch.device(found)
    count = count_gpus()
    if not 0 <= gpu < count:
        there = "cuda:0 alone" if count == 1 else f"cuda:0 to cuda:{count - 1}"
        raise ValueError(f"device {device}:{gpu} is not available: there is {there}")
    return torch.device(found, gpu)


def try_device(device: torch.device) -> None:
    """Compute a sum on a device.

    Raises:
        ValueError: it cannot compute: broken, taken by another program, or without free memory.
    """
    try:
        torch.ones(8, device=device).sum().item()
    except (AssertionError, RuntimeError) as error:  # PyTorch without CUDA asserts
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"device {device} cannot be used: {reason}") from error


def supports_bfloat16(device: FoundDevice, gpu: int | None = None) -> bool:
    """Whether the device has instructions for products of bfloat16, as far as we know.

    Elsewhere PyTorch emulates them: a CPU that has AVX2 alone took 60 times as long as for float32.
    Of CPUs only x86 is asked, and Apple's GPUs count as without: neither has been tried.

    Args:
        device: which kind.
        gpu: which of CUDA's, from 0; None = the first.
    """
    if device == "cuda":
        with torch.cuda.device(-1 if gpu is None else gpu):
            return torch.cuda.is_bf16_supported(including_emulation=False)
    if device != "cpu" or not hasattr(torch.cpu, "get_capabilities"):  # new in PyTorch
        return False
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def name_device(device: Device) -> str:
    """The model of the GPU, or that of the CPU with the threads that PyTorch uses.

    Raises:
        ValueError: the device is not there.
    """
    found = find_device(device)
    if found == "cuda":
        return torch.cuda.get_device_name()
    if found == "mps":
        return f"GPU of {name_processor()}"
    threads = torch.get_num_threads()
    return f"{name_processor()}, {threads} thread{'s' * (threads > 1)}"


def name_processor(listed: Path = _CPUINFO) -> str:
    """The CPU's model, or at least its kind.

    Args:
        listed: where Linux says it.
    """
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        return told.stdout.strip() or platform.machine()
    lines = listed.read_text("utf-8").splitlines() if listed.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(models), "") or platform.processor() or platform.machine()
