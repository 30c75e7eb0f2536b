import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import jcarsr
from jcarsr.pixels import Pixels


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jcarsr", "restore", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def jpeg(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "in" / "photo.jpg"
    path.parent.mkdir()
    Image.fromarray(photo).save(path, quality=20)
    return path


def test_picture_is_the_librarys(jpeg: Path, tmp_path: Path, tiny_weights: Path) -> None:
    result = run(jpeg, "-o", tmp_path / "out", "--weights", tiny_weights)
    assert result.returncode == 0, result.stderr
    with Image.open(tmp_path / "out" / "photo_x2.png") as saved:
        expected = jcarsr.restore(jpeg, weights=str(tiny_weights))
        np.testing.assert_array_equal(np.asarray(saved), np.asarray(expected))


def test_bad_files_are_told_and_the_others_done(
    jpeg: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    folder = jpeg.parent
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("hello")
    (folder / "cut.jpg").write_bytes(jpeg.read_bytes()[:-999])
    Image.new("1", (20_000, 10_000)).save(folder / "bomb.png")
    (folder / "line\nbreak.jpg").write_text("hello")
    (tmp_path / "none").mkdir()
    out = tmp_path / "out"
    inputs = [folder, tmp_path / "missing.jpg", tmp_path / "none"]
    result = run(*inputs, "-o", out, "--weights", tiny_weights, "--format", "webp")
    assert result.returncode == 1
    assert [path.name for path in out.iterdir()] == ["photo_x2.webp"]
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 7
    reasons = {
        "empty.png": "not a picture",
        "text.jpg": "not a picture",
        "cut.jpg": "cannot be decoded",
        "bomb.png": "refused as a bomb",
        "line\\nbreak.jpg": "not a picture",
        "missing.jpg": "no such file",
        "none": "without pictures",
    }
    for name, reason in reasons.items():
        assert any(name in line and reason in line for line in errors), (name, errors)
    assert "7 of 8 failed" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "bmp"], "--format bmp"),
        (["--tile", "100"], "multiple of 16"),
        (["--name", "{x}"], "--name {x}"),
        (["--scale", "4"], "enlarges by 2"),
    ],
)
def test_wrong_usage_is_one_line_and_2(
    jpeg: Path, tmp_path: Path, tiny_weights: Path, arguments: list[str], message: str
) -> None:
    result = run(jpeg, "-o", tmp_path / "out", "--weights", tiny_weights, *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_unknown_weights_are_told(jpeg: Path, tmp_path: Path) -> None:
    result = run(jpeg, "-o", tmp_path / "out", "--weights", "nothing")
    assert result.returncode == 1
    assert result.stderr.startswith("error: nothing: no such weight file")
