import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.training import flops as flops
from support.training import stop_after
from support.training import two_held_out as two_held_out

from jcarsr import JCARSRConfig
from jcarsr.errors import TrainingError
from jcarsr.training import pictures, validation
from jcarsr.weights import read


def run(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["train_stages", *map(str, words)])
    return tool.main()


@pytest.mark.usefixtures("two_held_out")
@pytest.mark.filterwarnings("default")  # the engine warns of its own matters
def test_stages_follow_each_other_on_pictures_prepared_once(
    tmp_path: Path,
    small_pictures: Path,
    tiny: JCARSRConfig,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(validation, "SIDE", 32)
    banks: list[object] = []
    build = pictures.build_bank

    def counting(*entries: object, **settings: object) -> object:
        banks.append(build(*entries, **settings))  # pyright: ignore[reportArgumentType]
        return banks[-1]

    monkeypatch.setattr(pictures, "build_bank", counting)
    words = ["--preset", "tiny", "--batch-size", "2", "--patch-size", "16", "--max-steps", "2"]
    words += ["--history", "web", "--repeated", "1", "--minutes", "600", "--name", "mine"]
    out = tmp_path / "out"
    stages = ("finish:2:1e-3", "settle:1:5e-4")
    assert run(tool, monkeypatch, *stages, *words, "--data", small_pictures, "--out", out) == 0
    assert len(banks) == 1
    first, second = (read(out / part / "weights.safetensors") for part in ("1-finish", "2-settle"))
    assert capsys.readouterr().out.endswith(
        f"weights: {out / '2-settle' / 'weights.safetensors'}\n"
    )
    assert first.record.training["init"] == []
    assert second.record.training["init"] == ["weights.safetensors"]
    assert second.record.name == "mine"
    for file, error, rate in ((first, "log_rms", 1e-3), (second, "squared", 5e-4)):
        assert file.record.training["steps"] == 2
        assert file.record.recipe["pixel_error"] == error
        assert file.record.recipe["learning_rate"] == rate
        assert file.record.recipe["histories"]["repeated"] == 1


def test_earlier_runs_are_seen_before_pictures_are_prepared(
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "out" / "2-settle" / "checkpoints" / "step-00000002").mkdir(parents=True)
    words = ["finish:1:1e-3", "settle:1:1e-3", "--preset", "jcarsr-lite-x2", "--minutes", "600"]
    nothing = tmp_path / "nothing"
    folders = ["--data", nothing, "--out", tmp_path / "out"]
    assert run(tool, monkeypatch, *words, *folders) == 1
    assert "the checkpoint of an earlier run" in capsys.readouterr().err


@pytest.mark.usefixtures("two_held_out")
@pytest.mark.filterwarnings("default")  # the engine warns of its own matters
def test_signal_ends_all_stages(
    tmp_path: Path,
    small_pictures: Path,
    tiny: JCARSRConfig,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(validation, "SIDE", 32)
    stop_after(monkeypatch, 2)
    words = ["finish:1:1e-3", "settle:1:1e-3", "--preset", "tiny", "--batch-size", "2"]
    words += ["--patch-size", "16", "--minutes", "600"]
    out = tmp_path / "out"
    assert run(tool, monkeypatch, *words, "--data", small_pictures, "--out", out) == 0
    assert "stopped at step 2" in capsys.readouterr().out
    assert read(out / "1-finish" / "weights.safetensors").record.training["steps"] == 2
    assert not (out / "2-settle").exists()


def test_time_is_shared_by_what_is_left(tool: ModuleType) -> None:
    reserve = tool.RESERVE
    assert tool.seconds_of_next(2 * reserve + 90, [2, 1]) == 60
    assert tool.seconds_of_next(reserve + 40, [1]) == 40
    with pytest.raises(TrainingError, match="10 seconds are left, stages to train: 2; too few"):
        tool.seconds_of_next(10, [2, 1])


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["finish:1"], "finish:1: not RECIPE:SHARE:RATE, with one of paper, short"),
        (["slow:1:1e-3"], "slow:1:1e-3: not RECIPE:SHARE:RATE"),
        (["finish:0:1e-3"], "finish:0:1e-3: a share must be positive"),
        (["finish:inf:1e-3"], "finish:inf:1e-3: a share must be positive and finite"),
        (["finish:1:1e-3", "--minutes", "nan"], "nan seconds are left, stages"),
        (["finish:1:1e-3", "--init", "nothing"], "nothing: no such weight file"),
        (["paper:1:1e-3", "finish:1:1e-3"], "do not draw the same crops"),
        (["finish:1:1e-3", "--preset", "nothing"], "--preset nothing: not one of"),
        (["finish:1:x"], "could not convert string to float: 'x'"),
        (["finish:1:1e-3", "--repeated", "3"], "--repeated goes with --history web"),
    ],
)
def test_wrong_words_are_told_in_a_line(
    words: list[str],
    error: str,
    tmp_path: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    common = ["--preset", "jcarsr-lite-x2", "--minutes", "600", "--data", tmp_path]
    assert run(tool, monkeypatch, *common, "--out", tmp_path, *words) == 1
    said = capsys.readouterr().err
    assert error in said
    assert said.count("\n") == 1
