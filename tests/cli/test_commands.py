"""The list of subcommands says what each says itself, and is made without any of them."""

import gc
import inspect
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.cli.commands import OUTLINES, load_command, pause_collection


@pytest.mark.parametrize("name", OUTLINES)
def test_outline_is_the_commands_own_help(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert command.help is not None
    first, _, _ = inspect.cleandoc(command.help).partition("\n\n")
    assert OUTLINES[name].help == " ".join(first.split())


def test_list_has_every_command_in_order() -> None:
    listed = CliRunner().invoke(app, ["--help"]).stdout.split(" Commands ")[1].splitlines()
    starts = [line.split()[1] for line in listed if line.startswith("│ ") and line[2] != " "]
    assert starts == list(OUTLINES)


@pytest.mark.parametrize("before", [True, False])
def test_garbage_is_looked_for_again_after_an_import_that_failed(before: bool) -> None:
    was = gc.isenabled()
    (gc.enable if before else gc.disable)()
    try:
        with pytest.raises(ImportError), pause_collection():
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled() == before
    finally:
        (gc.enable if was else gc.disable)()


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["no-such-command"]])
def test_without_a_command_nothing_heavy_is_imported(arguments: list[str]) -> None:
    script = f"""
import sys
sys.argv[1:] = {arguments!r}
from jcarsr.cli import main
try:
    main()
except SystemExit:
    pass
print(sorted({{"numpy", "PIL", "jcarsr.image", "jcarsr.cli.restore"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_misspelt_command_is_answered_with_the_nearest() -> None:
    said = CliRunner().invoke(app, ["restroe", "a.jpg"])
    assert said.exit_code == 2
    assert "restore" in said.stderr
