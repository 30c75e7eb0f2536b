import csv
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from support.training import Messages, options
from torch.nn import Conv2d, Module
from torch.nn.modules.module import register_module_forward_hook

from jcarsr import JCARSR, PRESETS, JCARSRConfig, TrainingError
from jcarsr.data.bank import Batch
from jcarsr.devices import name_device
from jcarsr.loss_weights import LossWeights, PixelError
from jcarsr.networks.catalog import Preset
from jcarsr.safefile import read_metadata
from jcarsr.training import clock as clock_module
from jcarsr.training import loop as loop_module
from jcarsr.training import options as options_module
from jcarsr.training import validation
from jcarsr.training.recipes import Recipe
from jcarsr.training.report import Reporter, StepReport
from jcarsr.training.run import train
from jcarsr.training.state import TrainingState
from jcarsr.training.storage import Storage
from jcarsr.weights import read

pytestmark = [
    pytest.mark.usefixtures("two_held_out"),
    pytest.mark.filterwarnings("default"),  # the engine warns of its own matters
]

_SIZES = JCARSRConfig(scale=4, channels=8, num_groups=2, sr_blocks=1, jcar_blocks=1)
TINY_X4 = Preset("jcarsr", asdict(_SIZES))


class Losses(Reporter):
    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, report: StepReport) -> None:
        self.values.append(report.losses["pixel"])


def test_training_lowers_the_loss(
    tmp_path: Path,
    small_pictures: Path,
    recipe: Recipe,
    flops: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(validation, "_HELD_OUT", 8)  # as it is outside of these tests
    losses = Losses()
    path = train(replace(recipe, max_steps=24), options(small_pictures, tmp_path), losses)
    assert np.mean(losses.values[-8:]) < 0.9 * np.mean(losses.values[:8])
    record = read(path).record
    assert record.config == PRESETS["tiny"].config
    assert record.training["steps"] == 24
    assert record.training["pictures"] == 12  # of 20, 8 are held out
    assert set(record.scores["validation"]) == {"psnr_jpeg10", "psnr_jpeg40"}
    with (tmp_path / "logs" / "run-1" / "metrics.csv").open() as file:
        steps = [row for row in csv.DictReader(file) if row["loss"]]
    assert len(steps) == 24
    for step in steps:
        seconds = recipe.batch_size / float(step["samples_per_second"])
        assert float(step["tflops"]) == pytest.approx(flops / seconds / 1e12)
    assert list((tmp_path / "logs" / "run-1").glob("events.out.tfevents*"))


def test_loss_weight_without_its_output_is_refused_before_training(
    tmp_path: Path, small_pictures: Path, recipe: Recipe
) -> None:
    wrong = replace(recipe, preset="edsr-lite-x2", loss_weights=LossWeights(jcar=0.5))
    with pytest.raises(ValueError, match=r"loss weight jcar = 0\.5: the network has no output lr"):
        train(wrong, options(small_pictures, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_run_that_ends_while_it_is_validated_loses_no_step(
    tmp_path: Path, finished: Path, small_pictures: Path, recipe: Recipe
) -> None:
    def second_ctrl_c(*arguments: object) -> dict[str, float]:
        raise KeyboardInterrupt

    out = tmp_path / "parts"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop_module, "validate", second_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, options(small_pictures, out))
    assert [p.name for p in (out / "checkpoints").iterdir()] == ["step-00000006"]
    resumed = read(train(recipe, options(small_pictures, out, resume=True))).record
    whole = read(finished / "weights.safetensors").record
    assert (resumed.sha256, resumed.scores) == (whole.sha256, whole.scores)


def test_clock_decides_on_checkpoints_whatever_is_logged(
    tmp_path: Path, small_pictures: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = count()  # one a step
    clock = SimpleNamespace(perf_counter=lambda: next(seconds))
    monkeypatch.setattr(loop_module, "time", clock)
    saved: list[int] = []
    save = Storage.save_checkpoint

    def note(self: Storage, state: TrainingState) -> None:
        saved.append(state.progress.step)
        save(self, state)

    monkeypatch.setattr(Storage, "save_checkpoint", note)
    often = {"log_every": 1000, "checkpoint_minutes": 2 / 60}
    train(recipe, options(small_pictures, tmp_path, **often))
    assert saved == [2, 4, 6]


def test_minutes_of_work_are_not_those_between_checkpoints(
    tmp_path: Path, small_pictures: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = count()  # seconds: one a step, and one a checkpoint
    monkeypatch.setattr(loop_module, "time", SimpleNamespace(perf_counter=lambda: next(wall)))
    monkeypatch.setattr(clock_module, "time", SimpleNamespace(process_time=lambda: 0.0))
    saved: list[int] = []
    monkeypatch.setattr(Storage, "save_checkpoint", lambda self, s: saved.append(s.progress.step))
    often = {"log_every": 1000, "checkpoint_minutes": 2 / 60, "processor_minutes": True}
    train(recipe, options(small_pictures, tmp_path, **often))
    assert saved == [2, 4, 6]


def test_signal_while_the_last_weights_are_validated_is_heard(
    tmp_path: Path, small_pictures: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[int] = []

    class Stopped(Reporter):
        def stopped(self, step: int) -> None:
            stopped.append(step)

    def validate(*arguments: object) -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    monkeypatch.setattr(loop_module, "validate", validate)
    weights = read(train(recipe, options(small_pictures, tmp_path), Stopped()))
    assert weights.record.training["steps"] == 6
    assert weights.record.training["device"] == name_device("cpu")
    assert stopped == [6]


@pytest.mark.parametrize(
    ("asked", "able", "taken"),
    [
        ("auto", False, "float32"),
        ("bfloat16", False, "bfloat16"),
    ],
)
def test_precision_is_what_the_options_say(
    tmp_path: Path,
    small_pictures: Path,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    able: bool,
    taken: str,
) -> None:
    monkeypatch.setattr(options_module, "supports_bfloat16", lambda device: able)
    computed: set[torch.dtype] = set()

    def note(module: Module, inputs: object, output: object) -> None:
        if isinstance(module, Conv2d):
            assert isinstance(output, torch.Tensor)
            computed.add(output.dtype)

    messages = Messages()
    chosen = options(small_pictures, tmp_path, precision=asked)
    with register_module_forward_hook(note):
        path = train(replace(recipe, max_steps=1), chosen, messages)
    assert read(path).record.training["precision"] == taken
    assert (torch.bfloat16 in computed) == (taken == "bfloat16")
    warned = any("not known to have bfloat16" in text for text in messages.texts)
    assert warned == (taken == "bfloat16" and not able)


def test_infinite_score_is_null_in_the_record(
    tmp_path: Path, small_pictures: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flat(*arguments: object) -> dict[str, float]:
        return {"psnr_jpeg10": float("inf"), "psnr_jpeg40": 30.0}

    monkeypatch.setattr(loop_module, "validate", flat)
    path = train(replace(recipe, max_steps=1), options(small_pictures, tmp_path))

    def refuse(word: str) -> None:
        raise ValueError(word)

    record = json.loads(read_metadata(path)["record"], parse_constant=refuse)
    assert record["scores"]["validation"] == {"psnr_jpeg10": None, "psnr_jpeg40": 30.0}


def test_runs_outside_the_main_thread(tmp_path: Path, small_pictures: Path, recipe: Recipe) -> None:
    with ThreadPoolExecutor(1) as pool:
        once = replace(recipe, max_steps=1)
        path = pool.submit(train, once, options(small_pictures, tmp_path)).result()
    assert read(path).record.training["steps"] == 1


def test_nan_stops_and_keeps_the_last_good_checkpoint(
    tmp_path: Path, small_pictures: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, calls = loop_module.loss_terms, 0

    def broken(
        model: JCARSR, batch: Batch, error: PixelError, weights: LossWeights
    ) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        terms = losses(model, batch, error, weights)
        return {k: v * float("nan") for k, v in terms.items()} if calls == 4 else terms

    monkeypatch.setattr(loop_module, "loss_terms", broken)
    with pytest.raises(TrainingError, match="loss became nan between steps 3 and 4"):
        train(recipe, options(small_pictures, tmp_path, checkpoint_minutes=0))
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["step-00000003"]
    tensors = read(tmp_path / "weights.safetensors").tensors
    assert all(np.isfinite(values).all() for values in tensors.values())


def test_minutes_end_a_run_and_its_schedule(
    tmp_path: Path, small_pictures: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = replace(recipe, max_steps=10**9)
    quarters = count(step=0.25)  # of a second, one a step
    clock = SimpleNamespace(perf_counter=lambda: next(quarters))
    monkeypatch.setattr(loop_module, "time", clock)
    weights = read(train(endless, options(small_pictures, tmp_path, max_minutes=1.2 / 60)))
    assert weights.record.training["steps"] == 5
    with (tmp_path / "logs" / "run-1" / "metrics.csv").open() as file:
        rates = [float(row["learning_rate"]) for row in csv.DictReader(file) if row["loss"]]
    assert rates[-1] < max(rates)


def test_processor_minutes_are_those_of_every_thread(
    tmp_path: Path, small_pictures: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = replace(recipe, max_steps=10**9)
    halves = count(step=0.5)  # of a second, of two threads together
    clock = SimpleNamespace(process_time=lambda: next(halves))
    monkeypatch.setattr(clock_module, "time", clock)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    asked = options(small_pictures, tmp_path, max_minutes=1.2 / 60, processor_minutes=True)
    training = read(train(endless, asked)).record.training
    assert (training["steps"], training["minutes"]) == (5, 0.0)


def test_init_takes_what_fits(
    tmp_path: Path,
    finished: Path,
    small_pictures: Path,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = finished / "weights.safetensors"
    monkeypatch.setitem(
        PRESETS, "tiny-x4", replace(PRESETS["tiny"], config={**PRESETS["tiny"].config, "scale": 4})
    )
    messages: list[str] = []

    class Messages(Reporter):
        def message(self, text: str) -> None:
            messages.append(text)

    larger = replace(recipe, preset="tiny-x4", patch_size=8, max_steps=1, learning_rate=1e-9)
    path = train(larger, options(small_pictures, tmp_path / "x4", init=[str(start)]), Messages())
    before, after = read(start).tensors, read(path).tensors
    assert set(after) - set(before) == {
        f"{branch}_upsampler.2.{kind}"
        for branch in ("sr", "gradient")
        for kind in ("weight", "bias")
    }
    assert all(np.allclose(after[name], before[name], atol=1e-3) for name in before)
    assert f"{len(before)} of {len(after)} tensors taken" in messages[0]


def test_last_init_wins_where_both_fit(
    tmp_path: Path,
    finished: Path,
    small_pictures: Path,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(
        PRESETS, "tiny-x4", replace(PRESETS["tiny"], config={**PRESETS["tiny"].config, "scale": 4})
    )
    larger = replace(recipe, preset="tiny-x4", patch_size=8, max_steps=1, seed=7)
    x2 = finished / "weights.safetensors"
    x4 = train(larger, options(small_pictures, tmp_path / "x4"))
    both = options(small_pictures, tmp_path / "both", init=[str(x4), str(x2)])
    path = train(replace(larger, learning_rate=1e-9), both)
    trunk, own, after = (read(file).tensors for file in (x2, x4, path))
    for name, values in after.items():
        np.testing.assert_allclose(values, (trunk if name in trunk else own)[name], atol=1e-3)


@pytest.mark.slow
def test_two_processes_train_one_network(tmp_path: Path, small_pictures: Path) -> None:
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
        *("-m", "jcarsr", "train", "short", "--data", str(small_pictures), "--out", str(tmp_path)),
        *("--max-steps", "3", "--batch-size", "2", "--patch-size", "16", "--device", "cpu"),
        *("--preset", "arcnn", "--shrink", "2", "--qf", "10"),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    record = read(tmp_path / "weights.safetensors").record
    assert (record.training["processes"], record.training["steps"]) == (2, 3)
    assert record.training["pictures"] == 6  # each holds half of the twelve
