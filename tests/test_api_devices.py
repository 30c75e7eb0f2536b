"""A restorer on several GPUs, with the CPU in the place of each."""

import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.commands import open_image

from jcarsr import Restorer
from jcarsr.engines import torch as torch_engine
from jcarsr.engines.torch import TorchEngine
from jcarsr.errors import DeviceError
from jcarsr.pixels import Pixels

WAIT = 60  # seconds after which an event that should have come is missing


@pytest.fixture(autouse=True)
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch_engine, "open_device", lambda device, gpu: torch.device("cpu"))


def watch_networks(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """How often each network computes; the first two wait until both are at work."""
    times = dict[int, int]()
    meeting, infer = threading.Barrier(2, timeout=WAIT), TorchEngine.run

    def run(self: TorchEngine, *arguments: Any, **named: Any) -> Any:
        network = id(self._model)  # pyright: ignore[reportPrivateUsage]
        times[network] = times.get(network, 0) + 1
        if times[network] == 1:
            meeting.wait()
        return infer(self, *arguments, **named)

    monkeypatch.setattr(TorchEngine, "run", run)
    return times


@pytest.mark.parametrize("way", ["pixels", "file", "bytes"])
def test_each_gpu_restores_a_picture(
    way: str, tmp_path: Path, photo: Pixels, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From two threads, with the results of one device."""
    pictures = [photo[number : number + 12, :16] for number in range(4)]
    alone = Restorer(str(tiny_weights), device="cpu", engine="torch", threads=1)
    expected = [np.asarray(alone.restore(picture)) for picture in pictures]
    both = Restorer(str(tiny_weights), device="cuda:0,cuda:1", threads=1)
    times = watch_networks(monkeypatch)

    def restore(number: int) -> Pixels:
        path = tmp_path / f"{number}.png"
        Image.fromarray(pictures[number]).save(path)
        if way == "pixels":
            return np.asarray(both.restore(pictures[number]))
        if way == "file":
            both.restore_file(path, tmp_path / f"{number}-x2.png")
            return np.asarray(open_image(tmp_path / f"{number}-x2.png"))
        return np.asarray(Image.open(BytesIO(both.restore_bytes(path.read_bytes())[0])))

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(restore, range(4)))
    assert len(times) == 2
    assert sum(times.values()) == 4
    for result, one in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, one)


def test_lost_gpu_costs_no_file(
    tmp_path: Path, photo: Pixels, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(photo[:12, :16]).save(tmp_path / "a.png")
    restorer = Restorer(str(tiny_weights), device="cuda:all", threads=1)
    lost, infer = list[TorchEngine](), TorchEngine.run

    def run(self: TorchEngine, *arguments: Any, **named: Any) -> Any:
        if not lost:
            lost.append(self)
        if self is lost[0]:
            raise DeviceError("cuda:0: CUDA error: unspecified launch failure")
        return infer(self, *arguments, **named)

    monkeypatch.setattr(TorchEngine, "run", run)
    assert restorer.restore_file(tmp_path / "a.png", tmp_path / "b.png").state == "done"
    assert open_image(tmp_path / "b.png").size == (32, 24)


@pytest.mark.parametrize(
    ("device", "message"),
    [("cuda:0,cuda:0", "cuda:0 stands there twice"), ("cpu,cpu", "several must be GPUs")],
)
def test_wrong_devices_are_refused(device: str, message: str, tiny_weights: Path) -> None:
    with pytest.raises(ValueError, match=message):
        Restorer(str(tiny_weights), device=device)
