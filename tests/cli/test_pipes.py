"""Standard input and output, each with the command in a process of its own."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import jcarsr
from jcarsr.cli import pipes
from jcarsr.errors import JCARSRError
from jcarsr.pixels import Pixels

FULL = Path("/dev/full")


def run(
    *arguments: object, given: bytes = b"", before: str = "", **places: object
) -> subprocess.CompletedProcess[bytes]:
    script = f"import sys\n{before}\nfrom jcarsr.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", script, "restore", *map(str, arguments)],
        input=given,
        timeout=60,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | places,  # type: ignore
    )


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
    done = run("-", "-o", "-", given=jpeg.read_bytes(), before=noise)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"\x89PNG") and done.stdout.endswith(b"IEND\xaeB`\x82")
    with Image.open(io.BytesIO(done.stdout)) as image:
        np.testing.assert_array_equal(np.array(image), np.array(jcarsr.restore(jpeg)))
    assert done.stderr.splitlines()[-1] == b"- -> -"
    assert b"python" in done.stderr
    assert list((tmp_path / "temporary").iterdir()) == []


def test_file_to_output_in_the_format_asked_for(jpeg: Path) -> None:
    done = run(jpeg, "-o", "-", "--format", "webp", "--scale", 1)
    assert done.returncode == 0, done.stderr
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert (image.format, image.size) == ("WEBP", (48, 32))
    assert sorted(path.name for path in jpeg.parent.iterdir()) == ["photo.jpg"]


def test_input_to_a_file_that_is_not_replaced(jpeg: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.tif"
    assert run("-", "-o", target, "--scale", 1, given=jpeg.read_bytes()).returncode == 0
    with Image.open(target) as image:
        assert (image.format, image.size) == ("TIFF", (48, 32))
    done = run("-", "-o", target, given=jpeg.read_bytes())
    assert done.returncode == 1
    reason = f"{target} exists already: --overwrite replaces it"
    assert done.stderr.decode() == f"error: -: {reason}\n"


@pytest.mark.parametrize(
    ("given", "options", "reason"),
    [
        (b"", (), "not a picture that can be read"),
        (None, ("--max-pixels", "1535"), "more pixels than allowed: refused as a bomb"),
    ],
)
def test_bad_input_is_one_line_and_no_output(
    jpeg: Path, given: bytes | None, options: tuple[str, ...], reason: str
) -> None:
    done = run("-", *options, given=jpeg.read_bytes() if given is None else given)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"error: -: {reason}\n"


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux")
def test_output_that_is_full_is_one_line_and_1(jpeg: Path) -> None:
    with FULL.open("w") as full:
        done = run(jpeg, "-o", "-", "--scale", 1, stdout=full)
    assert done.returncode == 1
    reason = "standard output: cannot be written (No space left on device)"
    assert done.stderr.decode() == f"error: {jpeg}: {reason}\n"


def test_reader_that_is_gone_is_one_line_and_1(jpeg: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run(jpeg, "-o", "-", "--scale", 1, stdout=writer)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr.decode().endswith("cannot be written (Broken pipe)\n")
    assert done.stderr.count(b"\n") == 1


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


@pytest.mark.skipif(sys.platform == "win32", reason="closes a descriptor")
def test_closed_streams_are_one_line(jpeg: Path) -> None:
    for closing, words in (("<&-", "- -o -"), (">&-", f"{jpeg} -o -")):
        line = f"exec {sys.executable} -m jcarsr restore {words} {closing}"
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert done.stderr.endswith(": is closed\n")
