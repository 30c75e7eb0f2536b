"""The README's commands are accepted as they stand, its Python runs, its links lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from typer.main import get_command

from jcarsr.cli import app
from jcarsr.pixels import Pixels

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def commands() -> list[list[str]]:
    lines = [shlex.split(line, comments=True) for text in blocks("sh") for line in text.split("\n")]
    found = [line[line.index("jcarsr") + 1 :] for line in lines if "jcarsr" in line]
    return [line[: line.index("<")] if "<" in line else line for line in found]  # the shell's part


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_command_is_accepted(words: list[str]) -> None:
    name, *arguments = words
    subcommands = get_command(app).commands  # pyright: ignore
    subcommands[name].make_context(name, arguments)


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.M))
def test_make_target_is_there(target: str) -> None:
    assert f"\n{target}:" in (ROOT / "Makefile").read_text("utf-8")


def test_python_runs(tmp_path: Path, photo: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("photo.jpg", quality=20)
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(code, names)
    picture = names["picture"]
    assert isinstance(picture, Image.Image)
    assert picture.size == (512, 384)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", TEXT))
def test_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
