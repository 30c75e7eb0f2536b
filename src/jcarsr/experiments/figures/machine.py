"""What a figure's times were taken on, in words."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import torch

from jcarsr.devices import find_device
from jcarsr.protocols import Device

CPUINFO = Path("/proc/cpuinfo")


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


def name_processor(listed: Path = CPUINFO) -> str:
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
