import re
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jcarsr.cli import main
from jcarsr.cli.commands import load_command
from jcarsr.pixels import Pixels

RESTORE = load_command("restore")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def taken(text: str, *arguments: str) -> dict[str, Any]:
    """What the command's function gets."""
    Path("jcarsr.toml").write_text(text)
    return RESTORE.make_context("restore", ["a.jpg", *arguments]).params


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of a command that is wrong usage."""
    with pytest.raises(BaseException) as left:
        RESTORE.make_context("restore", ["a.jpg", *arguments])
    assert getattr(left.value, "exit_code", None) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    return said.err


FILE = """
[restore]
format = "webp"
quality = 90
scale = 4
strip-metadata = true
engine = "onnx"
out = "~/results"
[profile.web.restore]
long-side = 1600
quality = 70
"""


def test_values_are_those_of_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("USERPROFILE", "/home/somebody")
    found = taken(FILE)
    line = "--format webp --quality 90 --scale 4 --strip-metadata --engine onnx"
    words = ["a.jpg", *line.split(), "-o", "/home/somebody/results"]
    typed = RESTORE.make_context("restore", words).params
    assert found == typed


def test_profile_goes_before_restore_and_its_size_replaces_another() -> None:
    found = taken(FILE, "--profile", "web")
    assert (found["long_side"], found["scale"], found["quality"]) == (1600, None, 70)
    assert (found["format"], found["strip_metadata"]) == ("webp", True)


@pytest.mark.parametrize("size", ["--scale", "--width", "--height", "--long-side", "--short-side"])
def test_what_is_typed_goes_first(size: str) -> None:
    typed = (size, "2", "--quality", "11", "--no-strip-metadata", "-o", "x")
    found = taken(FILE, "--profile", "web", *typed)
    sizes = {name: found[name] for name in ("scale", "width", "height", "long_side", "short_side")}
    (given,) = (name for name, value in sizes.items() if value is not None)
    assert f"--{given.replace('_', '-')}" == size
    assert (found["quality"], found["strip_metadata"], found["out"]) == (11, False, "x")


def test_file_that_is_named_is_taken_instead(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[restore]\nquality = 50\n")
    found = taken(FILE, "--config", "other.toml")
    assert (found["quality"], found["format"]) == (50, None)


def test_what_is_taken_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    taken("[restore]\nquality = 50\nformat='png'\n", "--format", "jpg")
    assert capsys.readouterr().err == "note: jcarsr.toml: quality = 50\n"
    taken("")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[restore]\nqualty = 9", "jcarsr.toml: [restore] qualty: not an option here, quality is"),
        ("[restore]\nlong_side = 9", "[restore] long_side: not an option here, long-side is"),
        ("[profile.a.restore]\nx = 1", "[profile.a.restore] x: not an option here"),
        ("[restore]\noverwrite = true", "overwrite: not an option here, only on the command line"),
        ("[restore]\nno-lock = true", "no-lock: not an option here, only on the command line"),
        ("[restore]\nconfig = 'x'", "config: not an option here"),
        ("[restor]\nscale = 2", "jcarsr.toml: restor: not known"),
        ("[profile.web]\nscale = 2", "profile.web.scale: not known"),
        ("profile = 3", "profile: is no table"),
        ("restore = 3", "restore: is no table"),
        ("[restore]\nquality = '9'", "[restore] quality = '9': must be a whole number"),
        ("[restore]\nquality = true", "must be a whole number"),
        ("[restore]\nquality = 9.5", "must be a whole number"),
        ("[restore]\nsalvage = 'yes'", "salvage = 'yes': must be true or false"),
        ("[restore]\nscale = 3", "scale = 3: not one of 1, 2, 4"),
        ("[restore]\nengine = 'x'", "not one of auto, onnx, openvino, torch"),
        ("[restore]\nformat = 1", "must be a text"),
        ('[restore]\nname = "a\\nb"', "must be a text"),
        ("[restore]\nscale = 2\nwidth = 9", "[restore] scale and width: one of them at most"),
        ("[restore", "no TOML that can be read ("),
        ("x = " + "[" * 5000, "no TOML that can be read (nested too deeply)"),
        ("#" * 2**20 + "#", "more than 1,048,576 bytes"),
    ],
)
def test_wrong_file_is_one_line(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("jcarsr.toml").write_text(text)
    said = refused(capsys)
    assert said.startswith("error: jcarsr.toml: ")
    assert message in said


def test_files_that_cannot_be_read_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    message = "error: --profile web: there is no jcarsr.toml in this folder: --config FILE\n"
    assert refused(capsys, "--profile", "web") == message
    assert refused(capsys, "--config", "x") == "error: x: No such file or directory\n"
    Path("jcarsr.toml").write_bytes(b"\xff")
    assert "no TOML that can be read" in refused(capsys)
    Path("jcarsr.toml").write_text("[profile.a.restore]\n[profile.b.restore]")
    assert refused(capsys, "--profile", "c") == "error: --profile c: jcarsr.toml has a, b\n"
    Path("jcarsr.toml").unlink()
    Path("jcarsr.toml").mkdir()
    assert refused(capsys) == "error: jcarsr.toml: is no file\n"


def test_wrong_file_does_not_hide_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    Path("jcarsr.toml").write_text("nonsense")
    with pytest.raises(BaseException) as left:
        RESTORE.make_context("restore", ["--help"])
    assert getattr(left.value, "exit_code", None) == 0
    assert "--profile" in capsys.readouterr().out


def test_name_of_the_result_goes_before_the_format(
    photo: Pixels, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(photo[:32, :40]).save("a.jpg", quality=20)
    Path("jcarsr.toml").write_text("[restore]\nformat = 'webp'\nscale = 1\n")
    for words, result, kind in (
        (["a.jpg"], "a_x1.webp", "WEBP"),
        (["a.jpg", "-o", "b.tiff"], "b.tiff", "TIFF"),
        (["a.jpg", "--format", "png"], "a_x1.png", "PNG"),
    ):
        monkeypatch.setattr(sys, "argv", ["jcarsr", "restore", *words])
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code
        with Image.open(result) as image:
            assert image.format == kind
    assert len(re.findall("^note: jcarsr.toml: ", capsys.readouterr().err, re.MULTILINE)) == 3
