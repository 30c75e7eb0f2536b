"""What a release is made of agrees with itself."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_newest_changes_are_those_of_the_version() -> None:
    version, state = re.findall(r"^## (\S+), (.+)$", text("CHANGELOG.md"), re.MULTILINE)[0]
    unreleased = PROJECT["version"].endswith(".dev0")
    assert version == PROJECT["version"].removesuffix(".dev0")
    assert (state == "unreleased") is unreleased
    assert unreleased or re.fullmatch(r"\d{4}-\d\d-\d\d", state)


def test_pythons_of_the_classifiers_are_those_of_ci_and_from_the_lowest_on() -> None:
    named = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    (matrix,) = re.findall(r"^ +python: \[(.*)\]$", text(".github/workflows/ci.yml"), re.MULTILINE)
    assert re.findall(r"[\d.]+", matrix) == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_licence_is_one() -> None:
    (cited,) = re.findall(r"^license: (.+)$", text("CITATION.cff"), re.MULTILINE)
    assert cited == PROJECT["license"]


@pytest.mark.parametrize(
    "name", ["CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "docs/command.md"]
)
def test_links_lead_somewhere(name: str) -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text(name)):
        assert (ROOT / name).parent.joinpath(link).exists(), link


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_workflows_may_not_write_and_run_what_is_there(name: str) -> None:
    workflow = text(f".github/workflows/{name}")
    assert "\npermissions:\n  contents: read\n" in workflow  # for all jobs, unless one says more
    for file in re.findall(r"run: (?:python )?((?:tools|\.ci)/\S+)", workflow):
        assert (ROOT / file).is_file()
