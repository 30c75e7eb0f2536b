"""`jcarsr weights`, `presets`, `recipes`, `sets`: what there is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from jcarsr.cli.shell import say

PARAMETERS = {
    "jcarsr-x2": 10_102_933,
    "jcarsr-x4": 10_398_357,
    "jcarsr-lite-x2": 477_297,
    "jcarsr-lite-x4": 551_281,
    "edsr-x2": 40_729_627,
    "edsr-x4": 43_089_947,
    "edsr-lite-x2": 480_699,
    "edsr-lite-x4": 563_835,
}
"""Preset -> its parameters. Counting them takes PyTorch, which its test does."""


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
    from jcarsr.networks.catalog import PRESETS

    for name, preset in PRESETS.items():
        fields = "".join(f", {key}={value}" for key, value in preset.config.items())
        count = PARAMETERS.get(name)
        size = "" if count is None else f"{count / 1e6:.2f} M parameters, "
        say(f"{name}: {size}{preset.architecture}{fields}")


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
