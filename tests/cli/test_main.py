import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.main import get_command
from typer.testing import CliRunner

from jcarsr.cli import app, main
from jcarsr.pixels import Pixels


@pytest.mark.parametrize(
    ("missing", "extra"), [("onnxscript", "export"), ("lightning", "train"), ("torch", "torch")]
)
def test_what_is_not_installed_is_named_with_its_extra(
    missing: str, extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without(prog_name: str) -> None:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr("jcarsr.cli.app", without)
    with pytest.raises(SystemExit) as exit:
        main()
    assert exit.value.code == 1
    said = capsys.readouterr().err
    assert said == f"error: this needs {missing}: pip install 'jcarsr[{extra}]'\n"


@pytest.fixture
def jpeg(photo: Pixels, tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.fromarray(photo[:64, :80]).save(path, quality=30)
    return path


def jcarsr(arguments: list[str], before: str = "", after: str = "") -> subprocess.CompletedProcess:
    """The command in a process of its own."""
    script = f"""
import sys
{before}
from jcarsr.cli import main
sys.argv[1:] = {arguments!r}
try:
    main()
except SystemExit as exit:
    code = exit.code
{after}
sys.exit(code)
"""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


BLOCKED = "sys.modules['torch'] = None"


def test_everything_but_training_works_without_pytorch(jpeg: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for scale in (1, 2, 4):
        arguments = ["restore", str(jpeg), "-o", str(out), "--scale", str(scale)]
        assert jcarsr([*arguments, "--save-gradient"], BLOCKED).returncode == 0
    sizes = {path.name: size(path) for path in out.glob("*.png")}
    assert sizes == {
        "photo_x1.png": (80, 64),
        "photo_x1.gradient.png": (160, 128),
        "photo_x2.png": (160, 128),
        "photo_x2.gradient.png": (160, 128),
        "photo_x4.png": (320, 256),
        "photo_x4.gradient.png": (320, 256),
    }
    assert jcarsr(["inspect", str(jpeg)], BLOCKED).returncode == 0
    for names in ("presets", "recipes"):
        listed = jcarsr([names], BLOCKED)
        assert (listed.returncode, listed.stderr) == (0, "")
        assert listed.stdout.count("\n") >= 4
    (tmp_path / "set").mkdir()
    shutil.copy(jpeg, tmp_path / "set")
    arguments = ["evaluate", "--data", str(tmp_path / "set"), "--scale", "2", "--qf", "10"]
    scored = jcarsr(arguments, BLOCKED)
    assert "| set | jcarsr-lite-x2 |" in scored.stdout, scored.stderr


def test_what_needs_pytorch_says_so(jpeg: Path, tmp_path: Path) -> None:
    for arguments, code, message in [
        (["train", "short", "--data", ".", "--out", "."], 1, "pip install 'jcarsr[torch]'"),
        (["restore", str(jpeg), "-o", str(tmp_path), "--engine", "torch"], 2, "'jcarsr[torch]'"),
        (["restore", str(jpeg), "-o", str(tmp_path), "--device", "cuda"], 2, "'jcarsr[torch]'"),
    ]:
        result = jcarsr(arguments, BLOCKED)
        assert result.returncode == code
        assert message in result.stderr and result.stderr.count("\n") == 1, result.stderr


def test_restoring_imports_nothing_heavy(jpeg: Path, tmp_path: Path) -> None:
    """Half of what a single picture takes would be imports else."""
    heavy = "torch", "lightning", "onnx", "onnxscript", "skimage", "scipy"
    after = f"print([name for name in {heavy!r} if name in sys.modules])"
    arguments = ["restore", str(jpeg), "-o", str(tmp_path / "a.png"), "--device", "cpu"]
    result = jcarsr(arguments, after=after)
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr


def test_nothing_is_written_but_the_result(jpeg: Path, tmp_path: Path) -> None:
    """ONNX Runtime's telemetry would leave an identity in both folders."""
    places = {name: tmp_path / name for name in ("HOME", "TMPDIR")}
    for place in places.values():
        place.mkdir()
    settings = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-m", "jcarsr", "restore", jpeg, "-o", tmp_path / "a.png"]
    subprocess.run(
        [*map(str, command), "--engine", "onnx"],
        env=settings | {name: str(place) for name, place in places.items()},
        check=True,
        timeout=60,
    )
    assert [list(place.rglob("*")) for place in places.values()] == [[], []]


@pytest.mark.parametrize("name", ["", *get_command(app).commands])  # type: ignore[attr-defined]
def test_help_is_readable_at_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    words = [name, "--help"] if name else ["--help"]
    said = CliRunner().invoke(app, words).stdout
    assert max(map(len, said.splitlines())) <= 80
    assert "…" not in said  # nothing is cut off
    command = get_command(app).commands[name] if name else get_command(app)  # type: ignore
    for option in command.params:
        for spelling in option.opts if option.param_type_name == "option" else ():
            assert f" {spelling} " in said
    types = re.findall(r"<[^> ]*$|^\W*[\w|]+>", said, re.MULTILINE)
    assert types == []  # no list of choices is broken


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name: without one typer asks which shell runs it, and a script's may be another."""
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    done = jcarsr(["--show-completion", shell])
    assert done.returncode == 0, done.stderr
    assert "_JCARSR_COMPLETE" in done.stdout
    if interpreter := shutil.which(shell):
        subprocess.run([interpreter, "-n"], input=done.stdout, text=True, check=True, timeout=60)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("jcarsr insp", ["inspect"]), ("jcarsr restore --max-", ["--max-memory", "--max-pixels"])],
)
def test_words_are_completed(
    line: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = line.split()
    monkeypatch.setenv("_JCARSR_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    done = jcarsr([])
    assert set(expected) <= set(done.stdout.split()), done.stderr
    assert all(word.startswith(words[-1]) for word in done.stdout.split())
