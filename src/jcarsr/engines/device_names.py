"""Devices as users name them: a kind, one GPU of several, or several of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import get_args

from jcarsr.protocols import Device

ALL_GPUS = "cuda:all"
"""Names every GPU of CUDA that PyTorch sees."""

_GPU = re.compile(r"cuda:(\d{1,4})", re.ASCII)


@dataclass(frozen=True)
class NamedDevice:
    """A device as it is asked for; whether it is there is not known yet."""

    kind: Device
    gpu: int | None = None
    """Which of CUDA's, from 0; None = the first, or no GPU of CUDA."""

    def __str__(self) -> str:
        return self.kind if self.gpu is None else f"{self.kind}:{self.gpu}"


def parse_device(text: str) -> NamedDevice:
    """Return the device that a text names.

    Raises:
        ValueError: it names none.

    >>> parse_device("auto"), str(parse_device("cuda:1"))
    (NamedDevice(kind='auto', gpu=None), 'cuda:1')
    """
    for kind in get_args(Device):
        if text == kind:
            return NamedDevice(kind)
    found = _GPU.fullmatch(text)
    if found is None:
        raise ValueError(f"device {text!r}: not one of {', '.join(get_args(Device))}, cuda:NUMBER")
    return NamedDevice("cuda", int(found[1]))


def parse_devices(text: str) -> Sequence[NamedDevice]:
    """Return the devices of a list with commas; cuda:all stands for all GPUs that there are.

    Raises:
        ValueError: one is no device or stands twice, or of several one is not a numbered GPU.

    >>> [str(device) for device in parse_devices("cuda:0,cuda:2")]
    ['cuda:0', 'cuda:2']
    """
    if text == ALL_GPUS:
        return [NamedDevice("cuda", number) for number in range(_count_gpus())]
    names = [name.strip() for name in text.split(",")]
    devices = [parse_device(name) for name in names]
    for index, device in enumerate(devices):
        if device in devices[:index]:
            raise ValueError(f"device {text}: {device} stands there twice")
        if len(devices) > 1 and device.gpu is None:
            raise ValueError(f"device {text}: several must be GPUs, each with its number (cuda:0)")
    return devices


def _count_gpus() -> int:
    """How many GPUs of CUDA PyTorch sees, at least one.

    Raises:
        ValueError: it sees none, or is not installed.
    """
    try:
        devices = import_module("jcarsr.devices")
    except ImportError as error:
        raise ValueError(f"device {ALL_GPUS} needs PyTorch: pip install 'jcarsr[torch]'") from error
    devices.find_device("cuda")
    return devices.count_gpus()
