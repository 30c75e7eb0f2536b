"""A run that goes on: the same steps, of the same run alone."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from support.training import Messages, options, stop_after

from jcarsr import PRESETS, TrainingError
from jcarsr.networks.catalog import Preset
from jcarsr.networks.swinir import SwinIRConfig
from jcarsr.safefile import read_metadata
from jcarsr.training import options as options_module
from jcarsr.training.pictures import former_identity, split_entries
from jcarsr.training.recipes import Recipe, fit_to_network
from jcarsr.training.run import train
from jcarsr.weights import read

pytestmark = [
    pytest.mark.usefixtures("two_held_out"),
    pytest.mark.filterwarnings("default"),  # the engine warns of its own matters
]


def test_run_killed_between_its_last_checkpoint_and_its_weights_is_completed(
    finished: Path, small_pictures: Path, recipe: Recipe
) -> None:
    path = finished / "weights.safetensors"
    whole = read(path).record
    path.unlink()
    train(recipe, options(small_pictures, finished, resume=True))
    assert read(path).record.sha256 == whole.sha256
    assert read(path).record.scores == whole.scores


def test_resumed_run_is_the_same_to_the_last_bit(
    tmp_path: Path, finished: Path, small_pictures: Path, recipe: Recipe
) -> None:
    whole = read(finished / "weights.safetensors")

    out = tmp_path / "parts"
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, 3)
        stopped = read(train(recipe, options(small_pictures, out, checkpoint_part_mb=0.02)))
    assert stopped.record.training["steps"] == 3
    assert len(list((out / "checkpoints" / "step-00000003").iterdir())) > 1

    resumed = read(train(recipe, options(small_pictures, out, resume=True)))
    assert resumed.record.training["steps"] == 6
    assert resumed.record.sha256 == whole.record.sha256 != stopped.record.sha256


def test_resumed_run_draws_the_same_stochastic_depth(
    tmp_path: Path, small_pictures: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SwinIRConfig(scale=2, channels=8, num_heads=2, num_groups=1, num_layers=4)
    monkeypatch.setitem(PRESETS, "swin", Preset("swinir", asdict(config)))
    swin = replace(recipe, preset="swin", max_steps=3)
    whole = read(train(swin, options(small_pictures, tmp_path / "whole")))
    out = tmp_path / "parts"
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, 2)
        train(swin, options(small_pictures, out))
    torch.rand(7)  # as whoever computes in between
    resumed = read(train(swin, options(small_pictures, out, resume=True)))
    assert resumed.record.sha256 == whole.record.sha256


def test_new_run_leaves_what_another_can_be_resumed_from(
    finished: Path, small_pictures: Path, recipe: Recipe
) -> None:
    with pytest.raises(TrainingError, match=r"step-00000006: the checkpoint of an earlier run"):
        train(replace(recipe, seed=1, max_steps=1), options(small_pictures, finished))
    assert [p.name for p in (finished / "checkpoints").iterdir()] == ["step-00000006"]


def test_other_data_is_not_resumed(finished: Path, small_pictures: Path, recipe: Recipe) -> None:
    (small_pictures / "00.png").unlink()
    with pytest.raises(TrainingError, match="from other data"):
        train(recipe, options(small_pictures, finished, resume=True))


def test_other_pictures_of_the_same_names_are_not_resumed(
    finished: Path, small_pictures: Path, recipe: Recipe
) -> None:
    for path in small_pictures.iterdir():
        Image.effect_noise((48, 40), 50).save(path)
    with pytest.raises(TrainingError, match="from other data"):
        train(recipe, options(small_pictures, finished, resume=True))


def change_checkpoint(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what the parts of the newest checkpoint say of themselves."""
    for path in (folder / "checkpoints").glob("*/*.safetensors"):
        about = json.loads(read_metadata(path)["checkpoint"])
        change(about)
        tensors = load_file(path)
        path.write_bytes(to_bytes(tensors, {"checkpoint": json.dumps(about)}))


def test_checkpoint_of_an_earlier_version_is_resumed_with_a_note(
    finished: Path, small_pictures: Path, recipe: Recipe
) -> None:
    entries, _ = split_entries(options(small_pictures, finished), 2)

    def make_old(about: dict[str, Any]) -> None:
        del about["start"]
        about["run"] = former_identity(fit_to_network(recipe), entries)

    change_checkpoint(finished, make_old)
    longer, messages = replace(recipe, max_steps=7), Messages()
    old = options(small_pictures, finished, resume=True, init=["gone/a"])
    assert read(train(longer, old, messages)).record.training["init"] == ["a"]
    assert sum("by their names alone" in text for text in messages.texts) == 1
    messages.texts.clear()
    train(replace(recipe, max_steps=8), old, messages)
    assert messages.texts[0] == "resumed at step 7"


def test_record_says_how_the_run_was_first_started(
    tmp_path: Path,
    finished: Path,
    small_pictures: Path,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = finished / "weights.safetensors"
    out = tmp_path / "parts"
    first = options(small_pictures, out, init=[str(start)], precision="float32")
    path = train(replace(recipe, max_steps=1), first)
    start.unlink()
    monkeypatch.setattr(options_module, "supports_bfloat16", lambda device: True)
    messages, longer = Messages(), replace(recipe, max_steps=2)
    with pytest.raises(TrainingError, match=r"started from weights\.safetensors, not from a\.b;"):
        train(longer, options(small_pictures, out, init=["a.b"], resume=True))
    train(longer, options(small_pictures, out, resume=True), messages)
    training = read(path).record.training
    assert (training["init"], training["precision"]) == (["weights.safetensors"], "float32")
    assert training["steps"] == 2
    assert "note: precision bfloat16; the run was started with float32" in messages.texts[0]
    train(replace(recipe, max_steps=3), replace(first, resume=True))
    assert read(path).record.training["steps"] == 3
