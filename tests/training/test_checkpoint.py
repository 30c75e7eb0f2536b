import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as to_bytes

from jcarsr import TrainingError
from jcarsr.partfile import PART, folder_being_written
from jcarsr.safefile import read_metadata
from jcarsr.training.checkpoint import (
    Progress,
    Start,
    load_latest,
    pack,
    refuse_non_finite,
    save,
    unpack,
)

TENSORS = {f"t{index}": torch.randn(1000) for index in range(10)}  # 4000 bytes each


START = Start(init=("a.safetensors", "b"), processes=2, precision="float32")


def store(folder: Path, step: int, part_bytes: int = 10**9) -> Path:
    return save(folder, TENSORS, Progress(step, 12.5), "run", START, part_bytes=part_bytes)


def test_parts_keep_below_the_size_and_come_back_whole(tmp_path: Path) -> None:
    target = store(tmp_path, 7, part_bytes=13_000)
    parts = sorted(target.iterdir())
    assert len(parts) == 4
    assert all(part.stat().st_size < 13_000 for part in parts)
    found = load_latest(tmp_path, {"other", "run"})
    assert (found.progress, found.run, found.start) == (Progress(7, 12.5), "run", START)
    assert all(torch.equal(found.tensors[name], value) for name, value in TENSORS.items())


def test_what_was_written_last_stays(tmp_path: Path) -> None:
    for step in (5, 1000, 20):
        store(tmp_path, step)
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000020"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_others_may_read_what_the_umask_allows(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    (part,) = store(tmp_path, 7).iterdir()
    assert part.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_half_written_checkpoint_is_not_seen(tmp_path: Path) -> None:
    store(tmp_path, 5)
    (tmp_path / ".step-00000009.part").mkdir()
    assert load_latest(tmp_path, {"run"}).progress.step == 5


def test_same_step_again_replaces_the_older_one(tmp_path: Path) -> None:
    store(tmp_path, 7, part_bytes=13_000)
    save(tmp_path, {"a": torch.ones(3)}, Progress(7, 13.0), "run", START, part_bytes=10**9)
    found = load_latest(tmp_path, {"run"})
    assert (list(found.tensors), found.progress.seconds) == (["a"], 13.0)
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000007"]


def test_what_a_killed_run_was_writing_goes_and_what_a_living_one_writes_stays(
    tmp_path: Path,
) -> None:
    dead = tmp_path / f".dead{PART}"
    dead.mkdir()
    (dead / "part-001-of-001.safetensors").touch()
    with folder_being_written(tmp_path / "step-00000009") as living:
        (living / "part").touch()
        store(tmp_path, 5)
        assert not dead.exists()
        assert (living / "part").exists()


def test_checkpoint_that_cannot_be_written_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, 5)

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        store(tmp_path, 6)
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000005"]


def test_missing_part_is_told(tmp_path: Path) -> None:
    sorted(store(tmp_path, 7, part_bytes=13_000).iterdir())[2].unlink()
    with pytest.raises(TrainingError, match="3 of 4 parts"):
        load_latest(tmp_path, {"run"})


def test_damaged_part_is_told(tmp_path: Path) -> None:
    next(store(tmp_path, 7).iterdir()).write_bytes(b"x")
    with pytest.raises(TrainingError, match="damaged"):
        load_latest(tmp_path, {"run"})


def test_other_run_and_no_checkpoint_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint"):
        load_latest(tmp_path, {"run"})
    store(tmp_path, 7)
    with pytest.raises(TrainingError, match="another recipe"):
        load_latest(tmp_path, {"other"})


def test_checkpoint_of_a_version_that_noted_no_start_is_read(tmp_path: Path) -> None:
    (part,) = store(tmp_path, 7).iterdir()
    about = json.loads(read_metadata(part)["checkpoint"])
    del about["start"]
    part.write_bytes(to_bytes(TENSORS, {"checkpoint": json.dumps(about)}))
    found = load_latest(tmp_path, {"run"})
    assert (found.progress, found.start) == (Progress(7, 12.5), None)


def test_non_finite_parameters_are_never_stored() -> None:
    layer = torch.nn.Linear(2, 2)
    refuse_non_finite(layer)
    with torch.no_grad():
        layer.bias[1] = float("nan")
    with pytest.raises(TrainingError, match="bias"):
        refuse_non_finite(layer)


def test_optimisers_parameters_are_counted_through_and_come_back() -> None:
    layers = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    average = torch.optim.swa_utils.AveragedModel(layers)

    def optimisers() -> list[torch.optim.Optimizer]:
        return [torch.optim.Adam(layer.parameters()) for layer in layers]

    layers(torch.ones(1, 2)).sum().backward()
    stepped = optimisers()
    for optimiser in stepped:
        optimiser.step()
    packed = pack(layers, average, stepped)
    whole = torch.optim.Adam(layers.parameters())  # one for all has the same names
    whole.step()
    assert packed.keys() == pack(layers, average, [whole]).keys()
    restored = optimisers()
    unpack(packed, layers, average, restored)
    again = pack(layers, average, restored)
    assert all(torch.equal(again[name], value) for name, value in packed.items())
    assert again.keys() == packed.keys()
