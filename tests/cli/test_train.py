from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.training.recipes import WEB
from jcarsr.weights import read


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["slow"], "slow: no such recipe, there are paper, short, compare, finish, settle"),
        (["short", "--preset", "big"], "--preset big"),
        (["short", "--precision", "int8"], "'--precision'"),
        pytest.param(
            ["short", "--device", "cuda"],
            "device cuda is not available",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
        (["short", "--qf", "10;20"], "--qf 10;20"),
        (["short", "--qf", "101"], "between 1 and 100"),
        (["short", "--history", "twice"], "--history twice: not one of once, web"),
        (["short", "--share-444", "2"], "share_444 must be in [0, 1], got 2.0"),
        (["short", "--batch-size", "0"], "batch_size must be positive, got 0"),
        (["short", "--name", "two\nlines"], r"got 'two\nlines'"),
        (["short", "--name", "a|b"], "got 'a|b'"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["train", *arguments, "--data", "x", "--out", "y"])
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.filterwarnings("default")  # the engine warns of its own matters
def test_specialist_of_one_quality(picture_folder: Path, tmp_path: Path) -> None:
    arguments = ["train", "finish", "--data", picture_folder, "--out", tmp_path]
    arguments += ["--qf", "10", "--share-444", "0", "--name", "jcarsr-lite-x2-q10"]
    arguments += ["--max-steps", 1, "--batch-size", 1, "--patch-size", 16, "--device", "cpu"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    record = read(tmp_path / "weights.safetensors").record
    assert record.name == "jcarsr-lite-x2-q10"
    assert record.recipe["histories"] == {"qfs": [10], "share_444": 0.0}
    assert set(record.scores["validation"]) == {"psnr_jpeg10"}


@pytest.mark.filterwarnings("default")
def test_pictures_saved_repeatedly(picture_folder: Path, tmp_path: Path) -> None:
    arguments = ["train", "finish", "--data", picture_folder, "--out", tmp_path]
    arguments += ["--history", "web", "--qf", "10,80", "--preset", "jcarsr-lite-x2"]
    arguments += ["--max-steps", 1, "--batch-size", 1, "--patch-size", 16, "--device", "cpu"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    record = read(tmp_path / "weights.safetensors").record
    assert record.recipe["histories"]["once"]["qfs"] == [10, 80]
    assert record.recipe["histories"]["repeated"] == WEB.repeated
    expected = {"psnr_jpeg10", "psnr_jpeg40", "psnr_jpeg20+4,4>jpeg90"}
    assert set(record.scores["validation"]) == expected
