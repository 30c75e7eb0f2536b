from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from jcarsr import JCARSR, JCARSRConfig
from jcarsr.errors import WeightsError
from jcarsr.networks import catalog
from jcarsr.networks.catalog import Preset
from jcarsr.weights import Record, Weights, read, write

SMALL = JCARSRConfig(scale=2, channels=32, num_groups=1, sr_blocks=2, jcar_blocks=1)
SIZES = {"scale": 2, "channels": 64, "num_groups": 3, "sr_blocks": 3, "jcar_blocks": 2}


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"large": SIZES, "no-skip": {**SIZES, "skip": False}}
    presets = {name: Preset("jcarsr", config) for name, config in sizes.items()}
    monkeypatch.setattr(catalog, "PRESETS", catalog.PRESETS | presets)


def stored(folder: Path, config: JCARSRConfig = SMALL) -> Path:
    """Weights without a zero or two equal values, as trained ones."""
    torch.manual_seed(0)
    network = JCARSR(config)
    tensors = {k: 0.1 * torch.randn_like(v) for k, v in network.state_dict().items()}
    tensors |= {k: 1 + v for k, v in tensors.items() if k.endswith("norm.weight")}
    path = folder / "small.safetensors"
    record = Record(name="small", **config.describe(), training={"steps": 7}, scores={"Set5": 1})
    write(path, {name: value.numpy() for name, value in tensors.items()}, record)
    return path


def load(file: Weights) -> JCARSR:
    network = JCARSR(JCARSRConfig(**file.record.config)).double()
    tensors = {k: torch.from_numpy(v.astype(np.float64)) for k, v in file.tensors.items()}
    network.load_state_dict(tensors)
    return network


def test_grown_network_computes_the_same(tmp_path: Path, tool: ModuleType) -> None:
    small, out = stored(tmp_path), tmp_path / "large.safetensors"
    tool.grow(small, "large", out)
    grown = read(out)
    assert {name: grown.record.config[name] for name in SIZES} == SIZES
    lq = torch.rand(1, 3, 13, 9, dtype=torch.float64)
    with torch.no_grad():
        ours, theirs = load(grown)(lq), load(read(small))(lq)
    for one, other in zip(ours, theirs, strict=True):
        assert other.std() > 0.05
        assert (one - other).norm() < 2e-3 * other.norm()  # grown ones are stored as fp16


def test_copies_of_a_channel_can_part(tmp_path: Path, tool: ModuleType) -> None:
    """With equal shares both would learn the same, and stay one channel."""
    small, out = stored(tmp_path), tmp_path / "large.safetensors"
    tool.grow(small, "large", out)
    old, new = (read(path).tensors for path in (small, out))
    kernel = new["sr_groups.2.blocks.0.conv3.weight"].astype(np.float32)
    first, second = kernel[:, 0::2], kernel[:, 1::2]
    wanted = np.repeat(old["sr_groups.0.blocks.0.conv3.weight"], 2, 0).astype(np.float32)
    np.testing.assert_allclose(first + second, wanted, atol=1e-3)
    share = (first / wanted)[np.abs(wanted) > 0.05]
    assert share.std() > 0.1
    assert 0.2 < share.min() < 0.35
    assert 0.65 < share.max() < 0.8


def test_record_says_of_what_it_was_grown(tmp_path: Path, tool: ModuleType) -> None:
    small, out = stored(tmp_path), tmp_path / "large.safetensors"
    tool.grow(small, "large", out)
    record = read(out).record
    assert record.name == "large"
    assert record.scores == {}
    source = read(small).record.sha256
    assert record.training == {"grown_from": {"steps": 7, "sha256": source}}


@pytest.mark.parametrize(
    ("config", "preset", "error"),
    [
        (JCARSRConfig(scale=2, channels=64, num_groups=4), "large", "num_groups 4 is more than 3"),
        (JCARSRConfig(scale=4, channels=32, num_groups=1), "large", "scale 4 and 2, must be"),
        (JCARSRConfig(scale=2, channels=48, num_groups=1, sr_blocks=1, jcar_blocks=1), "large",
         "channels 64 are no multiple of 48"),
        (SMALL, "no-skip", "skip True and False, both must be the paper's"),
        (JCARSRConfig(scale=2, channels=16, num_groups=1, sr_blocks=1, jcar_blocks=1), "large",
         "channels 16, 32 or more can be widened"),
        (SMALL, "edsr-lite-x2", "edsr-lite-x2 is not a JCARSR"),
        (SMALL, "nothing", "nothing: no such preset"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    config: JCARSRConfig, preset: str, error: str, tmp_path: Path, tool: ModuleType
) -> None:
    with pytest.raises(WeightsError, match=error):
        tool.grow(stored(tmp_path, config), preset, tmp_path / "out.safetensors")
