from __future__ import annotations

import platform
from pathlib import Path

import pytest
import torch

from jcarsr.experiments.figures import machine


def test_linux_names_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: AMD EPYC 7763: 64-Core\nmodel name\t: other\n")
    assert machine.name_processor(file) == "AMD EPYC 7763: 64-Core"
    file.write_text("processor\t: 0\nCPU part\t: 0xd0c\n")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert machine.name_processor(file) == machine.name_processor(tmp_path / "none") == "aarch64"


def test_device_is_named_as_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "name_processor", lambda: "A CPU")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert machine.name_device("cpu") == "A CPU, 4 threads"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100")
    assert machine.name_device("auto") == "NVIDIA H100"
