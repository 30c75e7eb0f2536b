"""`restore --device` with several GPUs, of which PyTorch is made to believe."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from support.commands import Command

from jcarsr.engines import torch as torch_engine
from jcarsr.engines.torch import TorchEngine
from jcarsr.errors import DeviceError
from jcarsr.pixels import Pixels


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch_engine, "try_device", lambda device: None)


@pytest.fixture
def album(tmp_path: Path, photo: Pixels) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(6):
        Image.fromarray(photo[number : number + 12, :16]).save(folder / f"{number}.png")
    return folder


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cuda:7", "device cuda:7 is not available: there is cuda:0 to cuda:1"),
        ("cuda:0,cuda:2", "device cuda:2 is not available: there is cuda:0 to cuda:1"),
        ("cuda:0,cuda:1,cuda:0", "device cuda:0,cuda:1,cuda:0: cuda:0 stands there twice"),
        ("cuda:1,cuda:01", "device cuda:1,cuda:01: cuda:1 stands there twice"),
        ("cuda,cuda:1", "device cuda,cuda:1: several must be GPUs, each with its number"),
        ("cpu,cuda:0", "device cpu,cuda:0: several must be GPUs, each with its number"),
        ("gpu", "device 'gpu': not one of auto, cpu, cuda, mps, cuda:NUMBER"),
        ("cuda:-1", "device 'cuda:-1': not one of"),
        ("cuda:0,", "device '': not one of"),
        ("", "--device: is empty"),
    ],
)
def test_wrong_devices_are_one_line_before_any_work(
    device: str, message: str, album: Path, run: Command, tmp_path: Path
) -> None:
    said = run(album, "-o", tmp_path / "out", "--device", device)
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert said.errors[0].startswith(f"error: {message}")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("device", "opened"),
    [
        ("cuda:0,cuda:1", {0, 1}),
        ("cuda:all", {0, 1}),
        ("cuda:1", {1}),
        ("cuda", {None}),
    ],
)
def test_every_named_gpu_gets_a_network(
    device: str,
    opened: set[int | None],
    album: Path,
    run: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run(album, "-o", tmp_path / "cpu", "--device", "cpu", "--threads", 1).code == 0
    asked = list[tuple[str, int | None]]()

    def on_the_cpu(device: str, gpu: int | None = None) -> torch.device:
        asked.append((device, gpu))
        return torch.device("cpu")

    monkeypatch.setattr(torch_engine, "open_device", on_the_cpu)
    said = run(album, "-o", tmp_path / "out", "--device", device, "--threads", 1)
    assert said.code == 0
    assert set(asked) == {("cuda", gpu) for gpu in opened}
    for path in sorted((tmp_path / "cpu").glob("*.png")):
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    sources = [line.partition(" -> ")[0] for line in said.err.splitlines() if " -> " in line]
    assert sources == sorted(sources)


@pytest.mark.usefixtures("two_gpus")
def test_gpu_that_cannot_compute_is_one_line_before_any_work(
    album: Path, run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def try_device(device: torch.device) -> None:
        if device.index == 1:
            raise ValueError(f"device {device} cannot be used: CUDA error: busy")

    monkeypatch.setattr(torch_engine, "try_device", try_device)
    said = run(album, "-o", tmp_path / "out", "--device", "cuda:0,cuda:1")
    assert said.code == 2
    assert said.err == "error: device cuda:1 cannot be used: CUDA error: busy\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("two_gpus")
def test_lost_gpu_is_a_note_and_costs_no_picture(
    album: Path, run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = list[TorchEngine]()
    infer = TorchEngine.run

    def fail_on_the_first(self: TorchEngine, *arguments: Any, **named: Any) -> Any:
        if not lost:
            lost.append(self)
        if self is lost[0]:
            raise DeviceError("cuda:1: CUDA error: unspecified launch failure")
        return infer(self, *arguments, **named)

    monkeypatch.setattr(torch_engine, "open_device", lambda device, gpu: torch.device("cpu"))
    monkeypatch.setattr(TorchEngine, "run", fail_on_the_first)
    said = run(album, "-o", tmp_path / "out", "--device", "cuda:all", "--threads", 1)
    assert said.code == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 6
    notes = [line for line in said.err.splitlines() if line.startswith("note: ")]
    assert notes == [
        "note: cuda:1: CUDA error: unspecified launch failure; other devices go on without it"
    ]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("device", ["cuda:0", "cuda:all", "cuda:0,cuda:1"])
def test_without_gpu_it_is_one_line(device: str, small: Path, run: Command, tmp_path: Path) -> None:
    said = run(small, "-o", tmp_path / "out", "--device", device)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "device cuda is not available" in said.err


def test_ray_gives_workers_their_gpus(call: Command, tmp_path: Path, small: Path) -> None:
    for device in ("cuda:1", "cuda:0,cuda:1", "cuda:all"):
        words: list[Any] = ["batch", tmp_path, "-o", tmp_path / "out", "--device", device]
        said = call(*words)
        assert said.code == 2
        assert "--device" in said.err
