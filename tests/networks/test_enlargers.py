"""What every network of one output must do, independent of its equations."""

import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.gradients import without_gradient
from torch.nn.functional import interpolate

from jcarsr.engines.onnx import OnnxEngine
from jcarsr.engines.torch import TorchEngine, load_network
from jcarsr.export.write import export
from jcarsr.networks.catalog import ARCHITECTURES, build
from jcarsr.networks.network import Network
from jcarsr.weights import Record, read, write

SWIN = {"channels": 12, "num_heads": 3, "window": 4, "upsampled": 8}
TINY: dict[str, dict[str, Any]] = {  # sizes with every part of the real ones
    "edsr": {"channels": 8, "num_blocks": 2},
    "rdn": {"channels": 8, "num_blocks": 2, "num_layers": 3, "growth": 4},
    "rcan": {"channels": 16, "num_groups": 2, "num_blocks": 2, "reduction": 4},
    "swinir": {**SWIN, "num_groups": 2, "num_layers": 2},
    "mdcn": {"channels": 8, "inner_channels": 8, "num_blocks": 3, "reduction": 2},
    "drct": {**SWIN, "num_groups": 2, "growth": 6},
    "hma": {**SWIN, "channels": 16, "num_heads": 4, "num_groups": 2, "num_layers": 2},
    "rrdbnet": {"channels": 8, "num_blocks": 2, "growth": 4},
}
every_model = pytest.mark.parametrize("name", list(TINY))
every_scale = pytest.mark.parametrize("scale", [2, 4])


def tiny(name: str, scale: int, **changed: Any) -> Network:
    return build(name, {"scale": scale, **TINY[name], **changed}).eval()


def stored(path: Path, network: Network) -> Path:
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    write(path, tensors, Record(name="tiny", **network.describe()))
    return path


def test_every_network_but_jcarsr_is_here() -> None:
    cleaners = {"arcnn", "dncnn", "fbcnn", "qgcn", "jdec"}  # in files of their own
    assert set(TINY) == set(ARCHITECTURES) - {"jcarsr"} - cleaners


@every_model
@every_scale
@pytest.mark.parametrize("size", [(17, 23), (2, 5), (1, 1)])
def test_any_size_is_enlarged(name: str, scale: int, size: tuple[int, int]) -> None:
    lq = torch.rand(2, 3, *size)
    with torch.no_grad():
        sr = tiny(name, scale)(lq).sr
    assert sr.shape == (2, 3, size[0] * scale, size[1] * scale)
    assert sr.isfinite().all()


@every_model
def test_pictures_of_a_batch_do_not_know_each_other(name: str) -> None:
    network, lq = tiny(name, 2), torch.rand(3, 3, 9, 6)
    with torch.no_grad():
        alone = torch.cat([network.restore(picture[None]) for picture in lq])
        torch.testing.assert_close(network.restore(lq), alone, atol=1e-5, rtol=0)


@every_model
@every_scale
@pytest.mark.parametrize("skip", [False, True])
def test_every_trained_parameter_receives_a_gradient(name: str, scale: int, skip: bool) -> None:
    network = tiny(name, scale, skip=skip).train()
    network(torch.rand(2, 3, 9, 10)).sr.square().mean().backward()
    shifts = {name.split(".")[0] for name in without_gradient(network)}
    assert shifts <= {"sub_mean", "add_mean"}  # never trained


@every_model
@every_scale
def test_training_starts_from_the_bilinear_enlargement(name: str, scale: int) -> None:
    lq = torch.rand(1, 3, 12, 10)
    with torch.no_grad():
        enlarged = interpolate(lq, scale_factor=scale, mode="bilinear")
        with_skip, without = (tiny(name, scale, skip=skip)(lq).sr for skip in (True, False))
    off = (with_skip - enlarged).abs().mean()
    assert off < 0.5 * (without - enlarged).abs().mean()


@every_model
def test_save_and_load_give_the_same_output(name: str, tmp_path: Path) -> None:
    lq = torch.rand(1, 3, 7, 9)
    network = load_network(read(stored(tmp_path / "1.safetensors", tiny(name, 2))))
    again = load_network(read(stored(tmp_path / "2.safetensors", network)))
    with torch.no_grad():
        assert torch.equal(again.restore(lq), network.restore(lq))
        rounded = tiny(name, 2)  # by half precision in the file
        rounded.load_state_dict(network.state_dict())
        assert torch.equal(rounded.restore(lq), network.restore(lq))


@every_model
def test_bfloat16_stays_near_float32(name: str) -> None:
    network, lq = tiny(name, 2, skip=True), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        exact = network.restore(lq)
        with torch.autocast("cpu", torch.bfloat16):
            rough = network.restore(lq)
    assert torch.allclose(exact, rough.float(), atol=0.03)


@every_model
@pytest.mark.parametrize("value", [0, -1, 2.5, "8", True, None])
def test_impossible_sizes_are_refused_in_one_line(name: str, value: object) -> None:
    """Every size that a weight file's record may hold, whoever wrote it."""
    module = import_module(ARCHITECTURES[name].module)
    sizes = [f.name for f in fields(getattr(module, ARCHITECTURES[name].config)) if f.type == "int"]
    assert set(sizes) >= TINY[name].keys()
    for size in sizes:
        with pytest.raises(ValueError, match=rf"^{size} must be .*, got ") as raised:
            tiny(name, 2, **{size: value})
        assert "\n" not in str(raised.value)


@every_model
@pytest.mark.parametrize(
    ("field", "value"), [("scale", 3), ("scale", 2.0), ("scale", [2]), ("skip", 1), ("skip", "no")]
)
def test_wrong_scale_and_skip_are_refused(name: str, field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{field} must be .*, got "):
        build(name, {"scale": 2, **TINY[name], field: value})


@every_model
def test_wrong_input_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"lq must be \(N, 3, H, W\), got \(1, 1, 8, 8\)"):
        tiny(name, 2)(torch.rand(1, 1, 8, 8))


@pytest.mark.slow
@every_model
@every_scale
@pytest.mark.filterwarnings("default")  # the exporter warns of its own matters
def test_exported_graph_computes_the_same_at_any_size(
    name: str, scale: int, tmp_path: Path
) -> None:
    path = stored(tmp_path / "w.safetensors", tiny(name, scale))
    export(path)
    engines = OnnxEngine(path, "sr"), TorchEngine(read(path), "cpu")
    rng = np.random.default_rng(0)
    for size in [(33, 20), (16, 48), (5, 70), (2, 2), (1, 1)]:
        lq = rng.random((1, 3, *size), np.float32)
        by_onnx, by_torch = (engine.run(lq) for engine in engines)
        np.testing.assert_allclose(by_onnx, by_torch, atol=1e-5)


@pytest.mark.slow
@every_model
@every_scale
def test_memory_stays_below_what_is_said(name: str, scale: int) -> None:
    """Peak resident memory of one tile, in a process of its own; maxrss would be the parent's."""
    script = f"""
import numpy as np
from jcarsr.engines.torch import TorchEngine
from jcarsr.networks.catalog import build_preset
engine = TorchEngine(build_preset("{name}-lite-x{scale}").eval(), "cpu")
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024
engine.run(np.zeros((1, 3, 64, 64), np.float32))
before = peak()
engine.run(np.zeros((1, 3, 320, 320), np.float32))
taken, said = peak() - before, engine.bytes_per_pixel * 320**2
assert 0.2 * said < taken < said, (taken / said, taken / 320**2 / 4)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
