import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from support.commands import Command, Said
from typer.main import get_command
from typer.testing import CliRunner

from jcarsr.cli import app, main
from jcarsr.cli.commands import OUTLINES, load_command
from jcarsr.pixels import Pixels


@pytest.mark.parametrize(
    ("missing", "extra"),
    [("onnxscript", "export"), ("lightning_fabric", "train"), ("torch", "torch")],
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


def jcarsr(
    *commands: list[str], before: str = "", after: str = ""
) -> tuple[list[Said], subprocess.CompletedProcess[str]]:
    """Commands one after the other in one process of its own: each one's end, and the process's."""
    script = f"""
import contextlib, io, json, sys
{before}
from jcarsr.cli import main
ends = []
for command in {list(commands)!r}:
    sys.argv[1:] = command
    with contextlib.redirect_stdout(io.StringIO()) as out:
        with contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                main()
            except SystemExit as exit:
                code = exit.code
    ends.append((code or 0, out.getvalue(), err.getvalue()))
{after}
print(json.dumps(ends))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [Said(*end) for end in json.loads(done.stdout.splitlines()[-1])], done


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


BLOCKED = "sys.modules['torch'] = None"


def test_everything_but_training_works_without_pytorch(jpeg: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "set").mkdir()
    shutil.copy(jpeg, tmp_path / "set")
    restores = [
        ["restore", str(jpeg), "-o", str(out), "--scale", scale, "--save-gradient"]
        for scale in ("1", "2", "4")
    ]
    evaluate = ["evaluate", "--data", str(tmp_path / "set"), "--scale", "2", "--qf", "10"]
    others = [["inspect", str(jpeg)], ["presets"], ["recipes"], evaluate]
    ends, _ = jcarsr(*restores, *others, before=BLOCKED)
    assert [end.code for end in ends] == [0] * 7, ends
    sizes = {path.name: size(path) for path in out.glob("*.png")}
    assert sizes == {
        "photo_x1.png": (80, 64),
        "photo_x1.gradient.png": (160, 128),
        "photo_x2.png": (160, 128),
        "photo_x2.gradient.png": (160, 128),
        "photo_x4.png": (320, 256),
        "photo_x4.gradient.png": (320, 256),
    }
    for listed in ends[4:6]:
        assert listed.err == ""
        assert listed.out.count("\n") >= 4
    assert "| set | jcarsr-lite-x2 |" in ends[6].out, ends[6]


def test_what_needs_pytorch_says_so(jpeg: Path, tmp_path: Path) -> None:
    cases = [
        (["train", "short", "--data", ".", "--out", "."], 1, "pip install 'jcarsr[torch]'"),
        (["restore", str(jpeg), "-o", str(tmp_path), "--engine", "torch"], 2, "'jcarsr[torch]'"),
        (["restore", str(jpeg), "-o", str(tmp_path), "--device", "cuda"], 2, "'jcarsr[torch]'"),
    ]
    ends, _ = jcarsr(*(arguments for arguments, _, _ in cases), before=BLOCKED)
    for end, (_, code, message) in zip(ends, cases, strict=True):
        assert end.code == code
        assert message in end.err and end.err.count("\n") == 1, end.err


def test_restoring_and_inspecting_import_nothing_heavy(jpeg: Path, tmp_path: Path) -> None:
    """Half of what a single picture takes would be imports else."""
    heavy = "torch", "lightning_fabric", "onnx", "onnxscript", "skimage", "scipy"
    after = f"print([name for name in {heavy!r} if name in sys.modules])"
    restore = ["restore", str(jpeg), "-o", str(tmp_path / "a.png"), "--device", "cpu"]
    ends, done = jcarsr(restore, ["inspect", str(jpeg)], after=after)
    assert [end.code for end in ends] == [0, 0], ends
    assert "weights: " in ends[1].out
    assert done.stdout.splitlines()[0] == "[]", ends


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


@pytest.mark.parametrize("name", ["", *OUTLINES])
def test_help_is_readable_at_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    words = [name, "--help"] if name else ["--help"]
    said = CliRunner().invoke(app, words).stdout
    assert max(map(len, said.splitlines())) <= 80
    assert "…" not in said  # nothing is cut off
    command = load_command(name) if name else get_command(app)
    for option in command.params:
        for spelling in option.opts if option.param_type_name == "option" else ():
            assert f" {spelling} " in said
        for bracketed in re.findall(r"\[[\w.]+\]", getattr(option, "help", None) or ""):
            assert bracketed in said  # not taken for markup
    types = re.findall(r"<[^> ]*$|^\W*[\w|]+>", said, re.MULTILINE)
    assert types == []  # no list of choices is broken


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for(
    call: Command, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name: without one typer asks which shell runs it, and a script's may be another."""
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    done = call("--show-completion", shell)
    assert done.code == 0, done.err
    assert "_JCARSR_COMPLETE" in done.out
    if interpreter := shutil.which(shell):
        subprocess.run([interpreter, "-n"], input=done.out, text=True, check=True, timeout=60)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("jcarsr insp", ["inspect"]), ("jcarsr restore --max-", ["--max-memory", "--max-pixels"])],
)
def test_words_are_completed(
    call: Command, line: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = line.split()
    monkeypatch.setenv("_JCARSR_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    done = call()
    assert set(expected) <= set(done.out.split()), done.err
    assert all(word.startswith(words[-1]) for word in done.out.split())
