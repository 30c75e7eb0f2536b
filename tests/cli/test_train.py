import re
from pathlib import Path

import pytest
import torch
from support.training import two_held_out as two_held_out
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.training import loop
from jcarsr.training.recipes import WEB
from jcarsr.weights import read


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["slow"], "slow: no such recipe, there are paper, short, compare, finish, settle"),
        (["short", "--preset", "big"], "--preset big: not one of jcarsr-x2, "),
        (["short", "--preset", "dan"], "--preset dan: DAN's weights are on cloud drives"),
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
        (["short", "--learning-rate", "nan"], "learning_rate must be finite, got nan"),
        (["short", "--max-minutes", "0"], "max_minutes must be positive and finite, got 0.0"),
        (["short", "--max-minutes", "nan"], "max_minutes must be positive and finite, got nan"),
        (["short", "--checkpoint-minutes", "inf"], "checkpoint_minutes must be at least 0"),
        (["short", "--out", __file__], "test_train.py is no folder"),
        (["short", "--name", "two\nlines"], r"got 'two\nlines'"),
        (["short", "--name", "a|b"], "got 'a|b'"),
        (
            ["compare", "--preset", "qgcn-lite", "--shrink", "2", "--patch-size", "20"],
            "compare: patch_size 20 is no multiple of 8: qgcn-lite reads JPEG tables",
        ),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["train", "--data", "x", "--out", "y", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.usefixtures("tiny", "two_held_out")
@pytest.mark.filterwarnings("default")  # the engine warns of its own matters
def test_specialist_of_one_quality(small_pictures: Path, tmp_path: Path) -> None:
    arguments = ["train", "finish", "--data", small_pictures, "--out", tmp_path, "--preset", "tiny"]
    arguments += ["--qf", "10", "--share-444", "0", "--name", "jcarsr-lite-x2-q10"]
    arguments += ["--max-steps", 1, "--batch-size", 1, "--patch-size", 16, "--device", "cpu"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    record = read(tmp_path / "weights.safetensors").record
    assert record.name == "jcarsr-lite-x2-q10"
    assert record.recipe["histories"] == {"qfs": [10], "share_444": 0.0}
    assert set(record.scores["validation"]) == {"psnr_jpeg10"}


@pytest.fixture
def flops_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operations of a step are not counted, which the test before has done."""
    monkeypatch.setattr(loop, "step_flops", lambda recipe: 1)


@pytest.mark.usefixtures("flops_unknown", "tiny", "two_held_out")
@pytest.mark.filterwarnings("default")
def test_pictures_saved_repeatedly(small_pictures: Path, tmp_path: Path) -> None:
    arguments = ["train", "finish", "--data", small_pictures, "--out", tmp_path]
    arguments += ["--history", "web", "--qf", "10,80", "--preset", "tiny"]
    arguments += ["--max-steps", 1, "--batch-size", 1, "--patch-size", 16, "--device", "cpu"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    record = read(tmp_path / "weights.safetensors").record
    assert record.recipe["histories"]["once"]["qfs"] == [10, 80]
    assert record.recipe["histories"]["repeated"] == WEB.repeated
    expected = {"psnr_jpeg10", "psnr_jpeg40", "psnr_jpeg20+4,4>jpeg90"}
    assert set(record.scores["validation"]) == expected


@pytest.mark.usefixtures("flops_unknown", "tiny", "two_held_out")
@pytest.mark.filterwarnings("default")
def test_printed_recipe_trains_as_the_named_one(small_pictures: Path, tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["recipes", "settle", "--toml"])
    assert printed.exit_code == 0
    (tmp_path / "r.toml").write_text(printed.stdout)
    found = []
    for recipe in ("settle", str(tmp_path / "r.toml")):
        out = tmp_path / Path(recipe).stem
        arguments = ["train", recipe, "--data", small_pictures, "--out", out, "--device", "cpu"]
        arguments += ["--max-steps", 1, "--batch-size", 1, "--patch-size", 16, "--qf", "10"]
        arguments += ["--preset", "tiny"]
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        found.append(read(out / "weights.safetensors"))
    named, filed = (weights.record for weights in found)
    assert filed.recipe == named.recipe
    assert filed.sha256 == named.sha256  # the weights are equal, too
    assert (filed.name, filed.data, filed.config) == (named.name, named.data, named.config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("batch_size", "batchsize"), "batchsize: not a key here, batch_size is"),
        (('"once"', '"paired"'), "not a key here"),
        (("seed = 0", "seed = 0.5"), "seed = 0.5: must be a whole number"),
        (("pixel = 1.0", "pixel = 0.0\ngradient = 0.0\njcar = 0.0"), "every loss weight is 0"),
    ],
)
def test_wrong_recipe_file_is_one_line_and_exit_code_2(
    change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    printed = CliRunner().invoke(app, ["recipes", "short", "--toml"]).stdout
    path = tmp_path / "r.toml"
    path.write_text(printed.replace(*change))
    result = CliRunner().invoke(app, ["train", str(path), "--data", "x", "--out", "y"])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {path}: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_recipe_file_and_its_network_must_agree(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["recipes", "short", "--toml"]).stdout
    path = tmp_path / "r.toml"
    path.write_text(printed.replace("jcarsr-lite-x2", "edsr-lite-x2") + "jcar = 0.5\n")
    result = CliRunner().invoke(app, ["train", str(path), "--data", "x", "--out", "y"])
    told = "loss weight jcar = 0.5: the network has no output lr, only sr"
    assert (result.exit_code, result.stderr) == (2, f"error: {path}: {told}\n")


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("paired", [], "give --pairs"),
        ("clean", ["--qf", "10"], "--qf: the recipe's pictures are not saved once"),
    ],
)
def test_histories_of_a_file_and_options_must_agree(
    kind: str, options: list[str], message: str, tmp_path: Path
) -> None:
    printed = CliRunner().invoke(app, ["recipes", "short", "--toml"]).stdout
    text = re.sub(
        r"\[histories\]\n.*?\n\n", f'[histories]\nkind = "{kind}"\n\n', printed, flags=re.S
    )
    (tmp_path / "r.toml").write_text(text)
    words = ["train", str(tmp_path / "r.toml"), "--data", "x", "--out", "y", *options]
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize("words", [["slow"], ["--toml"], ["slow", "--toml"]])
def test_recipe_that_is_not_there_is_not_printed(words: list[str]) -> None:
    result = CliRunner().invoke(app, ["recipes", *words])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there are paper, short" in result.stderr.lower()
