"""The subcommands, each imported when it is asked for, so that the others cost no time."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, cast

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Outline:
    """What the list of subcommands says of one, and where it is."""

    module: str
    """The one of this package that has its function."""
    help: str
    """The first paragraph of that function's docstring."""


OUTLINES = {  # name of the command and of its function -> outline, in the order of the list
    "restore": Outline("restore", "Remove JPEG artifacts from pictures and enlarge them."),
    "batch": Outline(
        "batch", "Restore pictures of folders, object stores and tables on many workers (Ray Data)."
    ),
    "ledger": Outline(
        "ledger",
        "Count what the last run in a folder has done, of all its shards, and name what is "
        "missing.",
    ),
    "inspect": Outline(
        "inspect", "Tell what pictures are: how hard JPEGs were compressed, which weights fit."
    ),
    "serve": Outline("serve", "Serve a page to drop pictures on, and an HTTP API for programs."),
    "evaluate": Outline(
        "evaluate", "Degrade pictures, restore them, print PSNR / SSIM next to the paper's numbers."
    ),
    "tables": Outline("evaluate", "Make the results tables from stored rows."),
    "train": Outline("train", "Train a network; Ctrl-C stops cleanly and --resume goes on."),
    "experiment": Outline(
        "experiment", "Make the paper's tables and figures; the same command goes on after a stop."
    ),
    "export": Outline(
        "export", "Write a weight file's graphs, with which it runs without PyTorch."
    ),
    "convert": Outline(
        "convert", "Make a weight file of weights that a network's authors published."
    ),
    "push": Outline(
        "push", "Upload weights to the Hugging Face Hub, with their graphs and a model card."
    ),
    "weights": Outline(
        "show", "List the bundled weights, or show one weight file's record as JSON."
    ),
    "presets": Outline(
        "show", "List the named networks and their sizes, and those that are missing."
    ),
    "recipes": Outline("show", "List the training recipes, or print one as a file to change."),
    "sets": Outline("show", "List the usual training and test sets and how to get them."),
}


@contextmanager
def pause_collection() -> Generator[None]:
    """Look for no garbage: imports make none, and to look takes an eighth of their time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@cache
def load_command(name: str) -> TyperCommand:
    """Import a subcommand and return it with all its options."""
    with pause_collection():
        from jcarsr.cli.checked import CheckedCommand
        from jcarsr.cli.config import ConfiguredCommand

        function = getattr(import_module(f"jcarsr.cli.{OUTLINES[name].module}"), name)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name, cls=ConfiguredCommand if name == "restore" else CheckedCommand)(function)
    return cast("TyperCommand", typer.main.get_command(alone))


class Commands(TyperGroup):
    """The group of the subcommands: to list them it imports none."""

    def __init__(self, **settings: Any) -> None:
        outlines = {name: TyperCommand(name, help=one.help) for name, one in OUTLINES.items()}
        settings["commands"] = outlines
        super().__init__(**settings)
        self._listing = TyperGroup(**settings)
        self._listing.params = self.params  # to which typer adds its own later

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """Return a subcommand to run, or to show the help of; None if there is none."""
        return load_command(cmd_name) if cmd_name in self.commands else None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of subcommands."""
        self._listing.format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Return the subcommands and options that begin with a text."""
        return self._listing.shell_complete(ctx, incomplete)
