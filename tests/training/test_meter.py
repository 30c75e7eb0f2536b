from dataclasses import replace

import pytest
import torch
from support.tiny import TINY
from torch.nn import Conv2d, Module
from torch.nn.modules.module import register_module_forward_hook

from jcarsr import JCARSR, PRESETS
from jcarsr.networks.catalog import Preset
from jcarsr.training.checkpoint import Progress
from jcarsr.training.meter import Meter, peak_memory, step_flops
from jcarsr.training.recipes import RECIPES


def test_means_and_seconds_are_over_the_steps_since_the_last_log() -> None:
    meter = Meter(Progress(10, 5.0))
    for value in (1.0, 3.0):
        meter.add({"loss": torch.tensor(value), "pixel": torch.tensor(2 * value)})
    means, seconds = meter.take(Progress(12, 8.0))
    assert {name: value.item() for name, value in means.items()} == {"loss": 2.0, "pixel": 4.0}
    assert (seconds, meter.since) == (1.5, 12)
    meter.add({"loss": torch.tensor(7.0)})
    means, seconds = meter.take(Progress(13, 8.5))
    assert (list(means), means["loss"].item(), seconds) == (["loss"], 7.0, 0.5)


def test_flops_of_a_step_are_three_times_those_of_its_convolutions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A multiplication and an addition each; a backward pass costs two forward ones."""
    config = replace(TINY, num_groups=1)
    monkeypatch.setitem(PRESETS, "tiny", Preset("jcarsr", config.describe()["config"]))
    recipe = replace(RECIPES["short"], preset="tiny", batch_size=2, patch_size=16)
    forward = 0

    def count(module: Module, inputs: object, output: object) -> None:
        nonlocal forward
        if isinstance(module, Conv2d):
            assert isinstance(output, torch.Tensor)
            weights = module.weight[0].numel()  # of one output channel
            forward += 2 * output.numel() * weights

    with register_module_forward_hook(count):
        JCARSR(config)(torch.rand(2, 3, 16, 16))
    # merged tails compute their kernels and strips anew; the first layer has no input gradient
    assert step_flops(recipe) == pytest.approx(3 * forward, rel=0.35)
    assert step_flops(replace(recipe, batch_size=4)) > 1.5 * step_flops(recipe)


def test_memory_is_at_least_what_python_takes() -> None:
    assert 10 * 2**20 < peak_memory(torch.device("cpu")) < 2**40
