import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from jcarsr.cli import main
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
