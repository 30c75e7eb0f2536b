import json
from importlib.metadata import version
from pathlib import Path

from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.data.catalog import CATALOG
from jcarsr.networks.catalog import MISSING, PRESETS
from jcarsr.training.recipes import RECIPES
from jcarsr.weights import bundled_names


def out(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    return result.stdout


def test_everything_there_is_is_listed() -> None:
    assert all(known.how in out("sets") for known in CATALOG.values())
    assert all(f"{name}: " in out("recipes") for name in RECIPES)
    assert [line.split()[0] for line in out("weights").splitlines()] == bundled_names()


def test_sizes_are_the_papers() -> None:
    lines = out("presets").splitlines()
    assert [line.split(":")[0] for line in lines] == [*PRESETS, *MISSING]
    assert lines[-1].startswith("dan: missing, DAN's weights are on cloud drives alone")
    assert lines[0] == "jcarsr-x2: 10.10 M parameters, jcarsr, scale=2"
    assert lines[1] == "jcarsr-x4: 10.40 M parameters, jcarsr, scale=4"


def test_record_is_json(tiny_weights: Path) -> None:
    record = json.loads(out("weights", str(tiny_weights)))
    assert (record["name"], record["config"]["scale"]) == ("tiny", 2)


def test_version() -> None:
    assert out("--version").strip() == version("jcarsr")
