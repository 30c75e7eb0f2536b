"""`jcarsr train --pairs`: degraded versions that come with the pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.training import flops as flops
from typer.testing import CliRunner, Result

from jcarsr import DataError, JCARSRConfig
from jcarsr.cli import app
from jcarsr.weights import read

pytestmark = pytest.mark.filterwarnings("default")  # the engine warns of its own matters


@pytest.fixture
def lq(small_pictures: Path, tmp_path: Path) -> Path:
    """Every picture of the folder, halved and saved as a hard JPEG by Pillow."""
    folder = tmp_path / "lq"
    folder.mkdir()
    for path in sorted(small_pictures.iterdir()):
        with Image.open(path) as hr:
            hr.reduce(2).save(folder / f"{path.stem}.jpg", quality=20)
    return folder


def train(*arguments: object, recipe: str = "finish") -> Result:
    words = ["train", recipe, "--preset", "tiny", "--device", "cpu", "--batch-size", 2]
    words += ["--patch-size", 16, "--max-steps", 2, *arguments]
    return CliRunner().invoke(app, [str(word) for word in words])


def test_pairs_are_what_is_learnt_and_validated_on(
    lq: Path, small_pictures: Path, tmp_path: Path, tiny: JCARSRConfig
) -> None:
    result = train("--pairs", lq, small_pictures, "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    record = read(tmp_path / "run/weights.safetensors").record
    assert record.data == ["lq", "pictures"]
    assert record.recipe["histories"] == {}
    assert record.training["pictures"] == 12
    assert set(record.scores["validation"]) == {"psnr_pairs"}
    assert np.isfinite(record.scores["validation"]["psnr_pairs"])


def test_pairs_of_a_network_that_keeps_the_size(
    lq: Path, small_pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    result = train(
        *("--preset", "arcnn", "--shrink", 2, "--max-steps", 1),
        *("--pairs", lq, small_pictures, "--out", out),
        recipe="compare",
    )
    assert result.exit_code == 0, result.output
    scores = read(out / "weights.safetensors").record.scores["validation"]
    assert np.isfinite(scores["psnr_pairs"])


def test_a_picture_of_another_size_is_named_before_the_first_step(
    lq: Path, small_pictures: Path, tmp_path: Path, tiny: JCARSRConfig
) -> None:
    Image.new("RGB", (48, 41)).save(lq / "07.jpg")
    result = train("--pairs", lq, small_pictures, "--out", tmp_path / "run")
    assert isinstance(result.exception, DataError)
    assert str(result.exception).startswith(f"{lq / '07.jpg'}: 48x41 pixels are not 1/2 of the")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give either --data or --pairs"),
        (["--data", "x", "--pairs", "a", "b"], "give either --data or --pairs"),
        (["--pairs", "a", "b", "--qf", "10"], "--qf does not go with --pairs"),
        (["--pairs", "a", "b", "--history", "web"], "--history does not go with --pairs"),
        (["--pairs", "a", "b", "--validation", "c"], "validation does not go with pairs"),
    ],
)
def test_what_does_not_go_together_is_refused(
    options: list[str], message: str, tiny: JCARSRConfig
) -> None:
    result = train(*options, "--out", "y")
    assert result.exit_code == 2
    assert message in result.stderr
