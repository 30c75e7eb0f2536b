"""`jcarsr weights`, `presets`, `recipes`, `sets`: what there is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from jcarsr.cli.shell import say


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
    """List the named networks and their sizes.

    Sizes that are not named are those of the network's paper.
    """
    from jcarsr.networks.catalog import ARCHITECTURES, PRESETS

    for name, preset in PRESETS.items():
        fields = "".join(f", {key}={value}" for key, value in preset.config.items())
        count = ARCHITECTURES[preset.architecture].parameters[name]
        say(f"{name}: {count / 1e6:.2f} M parameters, {preset.architecture}{fields}")


def recipes() -> None:
    """List the training recipes."""
    from jcarsr.training.recipes import RECIPES

    for name, recipe in RECIPES.items():
        fields = ", ".join(f"{key}={value!r}" for key, value in asdict(recipe).items())
        say(f"{name}: {fields}")


def sets() -> None:
    """List the usual training and test sets and how to get them."""
    from jcarsr.data.catalog import CATALOG

    for known in CATALOG.values():
        say(f"{known.name} ({known.use}): {known.instructions}")
