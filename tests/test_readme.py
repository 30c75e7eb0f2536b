"""Commands are accepted as they stand, the README's Python runs, its links lead somewhere."""

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


COMMAND = (ROOT / "docs" / "command.md").read_text("utf-8")


def blocks(language: str, text: str = TEXT) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text: str = TEXT) -> list[list[str]]:
    lines = [
        shlex.split(line, comments=True) for part in blocks("sh", text) for line in part.split("\n")
    ]
    found = [line[line.index("jcarsr") + 1 :] for line in lines if "jcarsr" in line]
    return [re.split(r" [<|] ", " ".join(line))[0].split() for line in found]  # the shell's part


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_command_is_accepted(words: list[str]) -> None:
    name, *arguments = words
    subcommands = get_command(app).commands  # pyright: ignore
    subcommands[name].make_context(name, arguments)


@pytest.mark.parametrize("words", commands(COMMAND), ids=" ".join)
def test_command_of_the_document_is_accepted(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = blocks("toml", COMMAND)
    Path("jcarsr.toml").write_text(example)
    name, *arguments = words
    context = get_command(app).commands[name].make_context(name, arguments)  # pyright: ignore
    if "--profile" in words:
        assert context.params["format"] == ("webp" if "web" in words else "png")
        assert context.params["strip_metadata"] is ("web" in words)


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
