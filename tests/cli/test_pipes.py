"""Standard input and output, with the command in processes of its own."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.forks import CLOSED, NO_READER, Ended, Start, run_forked

import jcarsr
from jcarsr.cli import pipes
from jcarsr.errors import JCARSRError
from jcarsr.pixels import Pixels

FULL = Path("/dev/full")


@pytest.fixture
def jpeg(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "photo.jpg"
    Image.fromarray(photo[:32, :48]).save(path, quality=20)
    return path


def test_picture_goes_through_and_nothing_else(
    jpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even what a library prints, from Python or from C; and nothing stays behind."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    noise = (
        "import os, jcarsr.restoring.file as file\n"
        "check = file.check_format\n"
        "def loud(*a): print('python'); os.write(1, b'c\\n'); return check(*a)\n"
        "file.check_format = loud\n"
    )
    script = f"import sys\n{noise}\nfrom jcarsr.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", script, "restore", "-", "-o", "-"],
        input=jpeg.read_bytes(),
        capture_output=True,
        timeout=60,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"\x89PNG") and done.stdout.endswith(b"IEND\xaeB`\x82")
    with Image.open(io.BytesIO(done.stdout)) as image:
        np.testing.assert_array_equal(np.array(image), np.array(jcarsr.restore(jpeg)))
    assert done.stderr.splitlines()[-1] == b"- -> -"
    assert b"python" in done.stderr
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(not FULL.exists(), reason="has devices of Linux")
def test_ends_of_pipes(jpeg: Path, tmp_path: Path) -> None:
    """A result on standard output, a picture on standard input, and what becomes of broken ones."""
    target = tmp_path / "mine.tif"
    small = ("--scale", "1")
    webp, tiff, stands, empty, bomb, full, gone, no_input, no_output = run_forked(
        Start(["restore", jpeg, "-o", "-", "--format", "webp", *small]),
        Start(["restore", "-", "-o", target, *small], given=str(jpeg)),
        Start(["restore", "-", "-o", target], given=str(jpeg)),
        Start(["restore", "-"]),
        Start(["restore", "-", "--max-pixels", "1535"], given=str(jpeg)),
        Start(["restore", jpeg, "-o", "-", *small], to=str(FULL)),
        Start(["restore", jpeg, "-o", "-", *small], to=NO_READER),
        Start(["restore", "-", "-o", "-"], given=CLOSED),
        Start(["restore", jpeg, "-o", "-"], to=CLOSED),
    )
    assert webp.code == 0, webp.err
    with Image.open(io.BytesIO(webp.out)) as image:
        assert (image.format, image.size) == ("WEBP", (48, 32))
    assert tiff.code == 0, tiff.err
    with Image.open(target) as image:
        assert (image.format, image.size) == ("TIFF", (48, 32))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.tif", "photo.jpg"]
    cannot = "standard output: cannot be written"
    for failed, name, reason in (
        (stands, "-", f"{target} exists already: --overwrite replaces it"),
        (empty, "-", "not a picture that can be read"),
        (bomb, "-", "more pixels than allowed: refused as a bomb"),
        (full, jpeg, f"{cannot} (No space left on device)"),
        (gone, jpeg, f"{cannot} (Broken pipe)"),
        (no_input, "standard input", "is closed"),
        (no_output, "standard output", "is closed"),
    ):
        assert failed == Ended(1, b"", f"error: {name}: {reason}\n")


def test_input_has_the_limit_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "MAX_BYTES", 10)
    for size in (10, 11):
        stream = io.BytesIO(b"x" * size)
        monkeypatch.setattr(pipes, "standard_input", lambda stream=stream: stream)
        if size == 10:
            assert pipes.read_picture() == b"x" * 10
        else:
            with pytest.raises(JCARSRError, match="more than 10 bytes: refused"):
                pipes.read_picture()


def test_terminal_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    _, terminal = os.openpty()
    with open(terminal, "rb") as stream:
        monkeypatch.setattr(pipes, "standard_input", lambda: stream)
        with pytest.raises(ValueError, match="is a terminal"):
            pipes.read_picture()
