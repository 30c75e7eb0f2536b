"""The `jcarsr` command: one file a subcommand; everything heavy is imported inside them."""

from __future__ import annotations

import sys
from importlib.metadata import version

import typer

from jcarsr.cli.evaluate import evaluate, tables
from jcarsr.cli.inspect import inspect
from jcarsr.cli.restore import restore
from jcarsr.cli.show import presets, recipes, sets, weights
from jcarsr.cli.train import train
from jcarsr.errors import JCARSRError
from jcarsr.image import MAX_PIXELS, limit_pillow

app = typer.Typer(
    name="jcarsr",
    help="Small, JPEG-compressed pictures made large and clean by one network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (restore, inspect, evaluate, tables, train, weights, presets, recipes, sets):
    app.command()(command)


@app.callback(invoke_without_command=True)
def root(
    show_version: bool = typer.Option(False, "--version", help="Show the version and leave."),
) -> None:
    """Small, JPEG-compressed pictures made large and clean by one network."""
    if show_version:
        typer.echo(version("jcarsr"))
        raise typer.Exit


def main() -> None:
    """Run the command: exit code 0 all done, 1 something failed, 2 wrong usage."""
    limit_pillow(MAX_PIXELS)
    try:
        app()
    except JCARSRError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(130)
