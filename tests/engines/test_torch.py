import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from jcarsr import JCARSRConfig, MemoryLimitError, WeightsError
from jcarsr.engines.base import EngineOptions
from jcarsr.engines.torch import TorchBackend, TorchEngine, load_network
from jcarsr.errors import DeviceError
from jcarsr.networks.catalog import build
from jcarsr.networks.network import Network
from jcarsr.protocols import Output
from jcarsr.weights import Record, Weights, read


def test_run_is_the_networks_restore(tiny_weights: Path) -> None:
    weights = read(tiny_weights)
    lq = np.random.default_rng(0).random((1, 3, 9, 11), np.float32)
    with torch.no_grad():
        expected = load_network(weights).restore(torch.from_numpy(lq)).numpy()
    sr = TorchEngine(weights, "cpu").run(lq)
    assert sr.dtype == np.float32
    np.testing.assert_allclose(sr, expected, atol=1e-5)


@pytest.mark.parametrize(("output", "scale"), [("sr", 2), ("lr", 1), ("gradient", 2)])
def test_every_output_can_be_asked_for(tiny_weights: Path, output: Output, scale: int) -> None:
    weights = read(tiny_weights)
    lq = np.random.default_rng(0).random((1, 3, 9, 11), np.float32)
    engine = TorchEngine(weights, "cpu").for_output(output)
    assert engine.scale == scale
    with torch.no_grad():
        expected = getattr(load_network(weights)(torch.from_numpy(lq)), output).numpy()
    np.testing.assert_allclose(engine.run(lq), expected, atol=1e-5)


def test_out_of_memory_is_told_as_such(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_network(read(tiny_weights))

    def greedy(lq: torch.Tensor, output: str) -> torch.Tensor:
        return torch.empty(2**60, dtype=torch.uint8)

    monkeypatch.setattr(network, "predict", greedy)
    engine = TorchEngine(network, "cpu")
    with pytest.raises(MemoryLimitError, match="tile of 5x4"):
        engine.run(np.zeros((1, 3, 4, 5), np.float32))


SICK = """CUDA error: an illegal memory access was encountered
CUDA kernel errors might be asynchronously reported at some other API call."""


def test_sick_gpu_is_no_fault_of_the_picture(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load_network(read(tiny_weights))

    def fail(*arguments: object) -> torch.Tensor:
        raise RuntimeError(SICK)

    monkeypatch.setattr(network, "predict", fail)
    with pytest.raises(DeviceError, match=r"^cpu: CUDA error: an illegal memory access") as told:
        TorchEngine(network, "cpu").run(np.zeros((1, 3, 4, 5), np.float32))
    assert "\n" not in str(told.value)
    monkeypatch.setattr(torch.nn.Module, "to", fail)  # the network does not reach it
    with pytest.raises(DeviceError, match="illegal memory access"):
        TorchBackend(EngineOptions(device="cpu")).open(tiny_weights, "sr")


def test_gpu_without_memory_for_the_network(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    monkeypatch.setattr(torch.nn.Module, "to", fail)
    with pytest.raises(DeviceError, match=r"^cpu: not enough memory for the network$"):
        TorchBackend(EngineOptions(device="cpu")).open(tiny_weights, "sr")


def test_other_errors_of_pytorch_are_let_through(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load_network(read(tiny_weights))

    def fail(*arguments: object) -> torch.Tensor:
        raise RuntimeError("sizes do not match")

    monkeypatch.setattr(network, "predict", fail)
    with pytest.raises(RuntimeError, match="sizes do not match"):
        TorchEngine(network, "cpu").run(np.zeros((1, 3, 4, 5), np.float32))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jcarsr-lite-x2", "jcarsr-lite-x4", "jcarsr-x2"])
@pytest.mark.parametrize("output", ["sr", "lr", "gradient"])
def test_memory_stays_below_what_is_said(name: str, output: str) -> None:
    """Peak resident memory of one tile, in a process of its own; maxrss would be the parent's."""
    script = f"""
import numpy as np, torch
from jcarsr.engines.torch import TorchEngine
from jcarsr.networks.catalog import build_preset
network = build_preset({name!r}).eval()
network.fuse(final=True)
engine = TorchEngine(network, "cpu", {output!r})
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024
engine.run(np.zeros((1, 3, 64, 64), np.float32))
before = peak()
engine.run(np.zeros((1, 3, 384, 384), np.float32))
taken, said = peak() - before, engine.bytes_per_pixel * 384**2
assert 0.2 * said < taken < said, (taken, said)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_tensors_of_another_network_are_refused(tiny_weights: Path) -> None:
    weights = read(tiny_weights)
    other = replace(weights.record, **JCARSRConfig(scale=4, channels=8).describe())
    with pytest.raises(WeightsError, match="do not fit") as error:
        load_network(Weights(other, weights.tensors))
    assert "\n" not in str(error.value)


def weights_of(network: Network) -> Weights:
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    return Weights(Record(name="x", **network.describe()), tensors)


@pytest.mark.parametrize(
    ("architecture", "facts", "message"),
    [
        ("edsr", {"scale": 4}, "its record says scale 4, its network has 2"),
        (
            "edsr",
            {"outputs": ("sr", "lr")},
            r"its record says outputs \('sr', 'lr'\), its network has",
        ),
        (
            "edsr",
            {"reads": ("tables",)},
            r"its record says reads \('tables',\), its network has \(\)",
        ),
        ("dncnn", {"reads": ("tables",)}, "its record says reads"),
    ],
)
def test_what_the_record_says_must_be_so(
    architecture: str, facts: dict[str, Any], message: str
) -> None:
    sizes: dict[str, int] = {"scale": 2, "num_blocks": 1} if architecture == "edsr" else {}
    good = weights_of(build(architecture, {**sizes, "channels": 4}))
    assert load_network(good).facts == good.record.facts
    floats = {**good.record.facts.floats_per_pixel, "lr": 9}
    said = replace(good.record.facts, floats_per_pixel=floats, **facts)
    with pytest.raises(WeightsError, match=rf"^x: {message}"):
        load_network(Weights(replace(good.record, facts=said), good.tensors))


@pytest.mark.parametrize(
    "sizes", [{"channels": 256}, {"num_blocks": 4096}, {"channels": 4096, "num_blocks": 4096}]
)
def test_a_network_larger_than_its_tensors_is_not_built(sizes: dict[str, int]) -> None:
    """The last one would take two petabytes."""
    good = weights_of(build("edsr", {"scale": 2, "num_blocks": 1, "channels": 4}))
    large = replace(good.record, config=good.record.config | sizes)
    with pytest.raises(WeightsError, match=r"^x: tensors do not fit its network \(it has more"):
        load_network(Weights(large, good.tensors))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_missing_cuda_is_told(tiny_weights: Path) -> None:
    with pytest.raises(ValueError, match="cuda is not available"):
        TorchEngine(read(tiny_weights), "cuda")


@pytest.mark.gpu
def test_gpu_agrees_with_the_cpu(tiny_weights: Path) -> None:
    weights = read(tiny_weights)
    lq = np.random.default_rng(0).random((1, 3, 48, 64), np.float32)
    gpu, cpu = (TorchEngine(weights, device).run(lq) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(gpu, cpu, atol=0.02)


@pytest.mark.gpu
def test_every_gpu_computes_by_itself(tiny_weights: Path) -> None:
    lq = np.random.default_rng(0).random((1, 3, 48, 64), np.float32)
    for number in range(torch.cuda.device_count()):
        before = torch.cuda.memory_allocated(number)
        engine = TorchBackend(EngineOptions(device="cuda", gpu=number)).open(tiny_weights, "sr")
        assert torch.cuda.memory_allocated(number) > before
        expected = TorchEngine(read(tiny_weights), "cpu").run(lq)
        np.testing.assert_allclose(engine.run(lq), expected, atol=0.02)
