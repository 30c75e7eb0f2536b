"""Two kinds of bundled weights, stood in for by copies of an untrained network's file."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from jcarsr.batch.plan import FileJob
from jcarsr.batch.worker import LedgerWorker
from jcarsr.engines import torch
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import WeightsError
from jcarsr.image import Animation, Picture, decode
from jcarsr.jpeg.earlier_save import EarlierSave
from jcarsr.restoring.choice import choose_for, choose_weights
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outcome import Outcome
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target
from jcarsr.weights import bundled as bundled_module
from jcarsr.weights import read, write

ONCE, WEB = "jcarsr-lite-x2", "jcarsr-web-lite-x2"
MOVED = EarlierSave(shift=(4, 4), qf=20, evidence=30.0)
SAME = EarlierSave(shift=(0, 0), qf=20, evidence=30.0)


@pytest.fixture
def bundled(tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "pretrained"
    stored = read(tiny_weights)
    for name, change in ((ONCE, 1.0), (WEB, 1.1)):
        tensors = {key: value * change for key, value in stored.tensors.items()}
        write(folder / f"{name}.safetensors", tensors, replace(stored.record, name=name))
    monkeypatch.setattr(bundled_module, "PRETRAINED", folder)
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A JPEG saved once, and one that was cut and saved again."""
    folder = tmp_path_factory.mktemp("files")
    clean = Image.fromarray(skimage.data.astronaut()).resize((96, 96))
    once, twice = folder / "once.jpg", folder / "twice.jpg"
    clean.save(once, quality=20)
    with Image.open(once) as image:
        image.crop((4, 4, 96, 96)).save(twice, quality=90)
    return once, twice


def test_weights_follow_the_earlier_save(bundled: Path) -> None:
    assert choose_weights(2, None).name == ONCE
    assert choose_weights(2, SAME).name == ONCE
    assert choose_weights(2, MOVED).name == WEB
    assert "quality 20" in choose_weights(2, MOVED).reason
    with pytest.raises(WeightsError, match="scale 4"):
        choose_weights(4, MOVED)


def test_without_web_weights_the_others_are_taken(bundled: Path) -> None:
    (bundled / f"{WEB}.safetensors").unlink()
    chosen = choose_weights(2, MOVED)
    assert chosen.name == ONCE
    assert "no weights are bundled" in chosen.reason
    assert not Networks().chooses


def test_files_are_judged_by_their_pixels(bundled: Path, files: tuple[Path, Path]) -> None:
    for file, name in zip(files, (ONCE, WEB), strict=True):
        assert choose_for(decode(file), 2).name == name
        assert Networks().choose(decode(file), 2) == name


def test_animations_are_not_judged(bundled: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    file.seek(0)
    picture = decode(file)
    assert isinstance(picture, Animation)
    assert choose_for(picture, 2).name == ONCE


def test_16_bits_are_judged_alike(bundled: Path, files: tuple[Path, Path]) -> None:
    picture = decode(files[1])
    assert isinstance(picture, Picture)
    deep = replace(picture, samples=picture.samples.astype(np.uint16) * 257)
    assert choose_for(deep, 2).name == WEB


def test_weights_asked_for_are_used(bundled: Path, files: tuple[Path, Path]) -> None:
    networks = Networks(ONCE)
    assert not networks.chooses
    assert networks.choose(decode(files[1]), 2) == ONCE


def test_each_kind_is_loaded_once_and_named(
    bundled: Path, files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []

    def counted(path: Path):
        loads.append(path.stem)
        return read(path)

    monkeypatch.setattr(torch, "read", counted)
    networks = Networks(options=EngineOptions(engine="torch"))
    worker = LedgerWorker(networks, Settings(target=Target(scale=2)))
    used: list[str | None] = []
    for number in range(2):
        for file in files:
            step = worker.read(FileJob(file, tmp_path / f"{file.stem}{number}.png"))
            assert not isinstance(step, Outcome)
            used.append(worker.write(worker.restore(step, lambda done, total: None)).weights)
    assert used == [ONCE, WEB] * 2
    assert sorted(loads) == [ONCE, WEB]


def test_a_ledgers_results_stand_for_either_kind(
    bundled: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    from jcarsr.batch.ledger import Ledger

    out = tmp_path / "out"
    for run in range(2):
        networks = Networks(options=EngineOptions(engine="torch"))
        with Ledger(out) as ledger:
            worker = LedgerWorker(networks, Settings(target=Target(scale=2)), ledger)
            for file in files:
                step = worker.read(FileJob(file, out / f"{file.stem}.png"))
                assert isinstance(step, Outcome) is (run == 1)
                if not isinstance(step, Outcome):
                    worker.write(worker.restore(step, lambda done, total: None))
    shutil.rmtree(out)
