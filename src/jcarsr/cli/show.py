"""`jcarsr weights`, `presets`, `recipes`, `sets`: what there is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from jcarsr.cli.shell import say
from jcarsr.cli.values import usage_errors


def weights(
    name: Annotated[
        str | None, typer.Argument(help="Bundled weights or a file: show its whole record.")
    ] = None,
) -> None:
    """List the bundled weights, or show one weight file's record as JSON."""
    from jcarsr.weights import bundled_names, find, read_record

    if name:
        say(json.dumps(asdict(read_record(find(name))), indent=2))
        return
    for bundled in bundled_names():
        record = read_record(find(bundled))
        say(f"{bundled}  x{record.facts.scale}  sha256 {record.sha256[:12]}")


def presets() -> None:
    """List the named networks and their sizes, and those that are missing.

    Sizes that are not named are those of the network's paper.
    """
    from jcarsr.networks.catalog import ARCHITECTURES, MISSING, PRESETS

    for name, preset in PRESETS.items():
        fields = "".join(f", {key}={value}" for key, value in preset.config.items())
        count = ARCHITECTURES[preset.architecture].parameters[name]
        say(f"{name}: {count / 1e6:.2f} M parameters, {preset.architecture}{fields}")
    for name, reason in MISSING.items():
        say(f"{name}: missing, {reason}")


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="Of a recipe. (default: all)", show_default=False)
    ] = None,
    toml: Annotated[
        bool,
        typer.Option("--toml", help="Print its file, which `jcarsr train FILE.toml` takes."),
    ] = False,
) -> None:
    """List the training recipes, or print one as a file to change."""
    from jcarsr.training.recipe_file import as_toml
    from jcarsr.training.recipes import RECIPES

    with usage_errors():
        if name is not None and name not in RECIPES:
            raise ValueError(f"{name}: no such recipe, there are {', '.join(RECIPES)}")
        if toml and name is None:
            raise ValueError(f"--toml: of which recipe? There are {', '.join(RECIPES)}")
    if toml and name is not None:
        say(as_toml(RECIPES[name]).rstrip("\n"))
        return
    for known in RECIPES if name is None else (name,):
        fields = ", ".join(f"{key}={value!r}" for key, value in asdict(RECIPES[known]).items())
        say(f"{known}: {fields}")


def sets() -> None:
    """List the usual training and test sets and how to get them."""
    from jcarsr.data.catalog import CATALOG

    for known in CATALOG.values():
        say(f"{known.name} ({known.use}): {known.instructions}")
