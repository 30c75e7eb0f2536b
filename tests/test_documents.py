"""Commands are accepted as they stand, Python runs, links lead somewhere: README and docs."""

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from jcarsr.cli.commands import OUTLINES, load_command
from jcarsr.pixels import Pixels

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str, page: Path) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    parts = [part.replace("\\\n", " ") for part in blocks("sh", page)]
    lines = [
        shlex.split(line, comments=True)
        for part in parts
        for whole in part.split("\n")
        for line in whole.split(" && ")
    ]
    found = [line[line.index("jcarsr") + 1 :] for line in lines if "jcarsr" in line[:6]]
    return [_own(line) for line in found if line and "--name" not in line[:1]]


def _own(words: list[str]) -> list[str]:
    """The command's part of a line, without the shell's."""
    ends = [words.index(sign) for sign in ("<", ">", "|") if sign in words]
    return words[: min(ends)] if ends else words


def cases() -> list[object]:
    return [
        pytest.param(page, words, id=f"{page.name}: {' '.join(words)}")
        for page in PAGES
        for words in commands(page)
        if words[0] in OUTLINES
    ]


@pytest.mark.parametrize(("page", "words"), cases())
def test_command_is_accepted(
    page: Path, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    example = "".join(blocks("toml", page))
    if page.name == "command.md":
        Path("jcarsr.toml").write_text(example)
    name, *arguments = words
    context = load_command(name).make_context(name, arguments)
    if "--profile" in words:
        assert context.params["format"] == ("webp" if "web" in words else "png")
        assert context.params["strip_metadata"] is ("web" in words)


def test_every_page_with_commands_is_read() -> None:
    names = {case.values[0].name for case in cases()}  # pyright: ignore
    assert {"README.md", "command.md", "research.md", "start.md", "train.md", "serve.md"} <= names


def test_make_targets_are_there() -> None:
    commands = "\n".join(block for page in PAGES for block in blocks("sh", page))
    named = set(re.findall(r"^make (\w+)", commands, re.M))
    assert {"browser", "test"} <= named
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert {target for target in named if f"\n{target}:" not in makefile} == set()


def test_python_runs(tmp_path: Path, photo: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo[:32, :128]).save("photo.jpg", quality=20)
    (code,) = blocks("python", ROOT / "README.md")
    names: dict[str, object] = {}
    exec(code, names)
    picture = names["picture"]
    assert isinstance(picture, Image.Image)
    assert picture.size == (256, 64)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!http|#)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(r"`((?:tests|tools|benchmarks|examples)/[\w/.]+)`", page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_what_contributing_finds_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = text.partition("## Find it")[2].partition("\n## ")[0]
    cells = [line.split("|")[2] for line in table.splitlines() if line.startswith("| ")]
    paths = [path for cell in cells for path in re.findall(r"`([\w./]*[/.][\w./]*)`", cell)]
    assert len(paths) > 35
    folder, missing = Path(), list[str]()
    for path in paths:
        pattern = re.sub(r"NAME|N(?=\.py)", "*", path)
        places = (ROOT / "src/jcarsr", ROOT, ROOT / "src/jcarsr" / folder)  # the last: "there"
        if not any(list(place.glob(pattern)) for place in places):
            missing.append(path)
        folder = Path(path).parent if "/" in path else folder
    assert missing == []


def test_the_readme_fits_a_few_screens() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 90
