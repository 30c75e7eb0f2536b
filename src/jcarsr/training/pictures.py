"""What a run learns from: its pictures, this process's share, and a hash to know them by."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from jcarsr.data.bank import Bank, BankSettings, build_bank, no_crop
from jcarsr.data.pairs import list_pairs, refuse_other_sizes
from jcarsr.data.sources import SourcePicture, list_pictures
from jcarsr.errors import DataError, TrainingError
from jcarsr.training.options import RunOptions
from jcarsr.training.recipes import Recipe
from jcarsr.training.report import Reporter
from jcarsr.training.validation import hold_out


def split_entries(
    options: RunOptions, scale: int
) -> tuple[list[SourcePicture], list[SourcePicture]]:
    """(training, validation) pictures, which `scale` times smaller ones are made of.

    Raises:
        DataError: there are none, or too few to hold some out, or two of a pair do not agree.
    """
    if options.pairs:
        pairs = list_pairs(*options.pairs)
        refuse_other_sizes(pairs, scale)
        return hold_out(pairs)
    entries = list_pictures(options.data)
    if options.validation:
        return entries, list_pictures(options.validation)
    return hold_out(entries)


def check_entries(entries: Sequence[SourcePicture], recipe: Recipe) -> None:
    """Raise a DataError if these cannot be held out from, or none is as large as a crop."""
    training, _ = hold_out(entries)
    side = recipe.patch_size * recipe.picture_scale
    if not any(min(entry.size()) >= side for entry in training):
        raise no_crop(side)


def fill_bank(
    recipe: Recipe,
    entries: Sequence[SourcePicture],
    reporter: Reporter,
    *,
    rank: int,
    processes: int,
    device: torch.device,
    tables: bool = False,
    banks: Banks | None = None,
) -> Bank:
    """The share of process `rank` in the training pictures, degraded as the recipe says.

    `tables`: the network reads the tables of the last saves. `banks`: where it is kept, and taken
    from if it is there.

    Raises:
        TrainingError: the batch cannot be shared evenly.
        DataError: there are fewer pictures than processes, or one is broken.
    """
    if recipe.batch_size % processes:
        raise TrainingError(
            f"batch size {recipe.batch_size} cannot be shared by {processes} processes"
        )
    share = entries[rank::processes]
    if not share:
        raise DataError(f"{len(entries)} pictures are too few for {processes} processes")
    settings = bank_settings(recipe, tables=tables)
    workers = max(1, (os.cpu_count() or 1) // processes)

    def build() -> Bank:
        report = reporter.bank
        return build_bank(share, settings, device=device, workers=workers, on_progress=report)

    return build() if banks is None else banks.get((tuple(share), settings, device), build)


def bank_settings(recipe: Recipe, *, tables: bool) -> BankSettings:
    """What the bank of a recipe holds; `tables` as for `fill_bank`."""
    return BankSettings(
        scale=recipe.picture_scale,
        histories=recipe.histories,
        patch_size=recipe.patch_size,
        candidates=recipe.candidates,
        seed=recipe.seed if recipe.histories.random else 0,  # so that seeds share a bank
        tables=tables,
    )


class Banks:
    """Keeps the bank that was used last, for runs that learn from the same pictures."""

    def __init__(self) -> None:
        self._key: object = None
        self._bank: Bank | None = None

    def get(self, key: object, build: Callable[[], Bank]) -> Bank:
        """The bank of that key; another one is dropped before it is built."""
        if self._bank is None or key != self._key:
            self._bank = None
            self._bank = build()
            self._key = key
        return self._bank


def identity(recipe: Recipe, entries: Sequence[SourcePicture]) -> str:
    """A hash of what a resumed run must share with its checkpoint; the budget may change.

    Of the pictures it is their names and their sizes in bytes, wherever they lie.

    Raises:
        DataError: a picture has gone.
    """
    return _hash(recipe, [(entry, entry.file_size()) for entry in _each(entries)])


def former_identity(recipe: Recipe, entries: Sequence[SourcePicture]) -> str:
    """The hash of earlier checkpoints, which knew pictures in folders by their names alone."""
    return _hash(recipe, [(entry, entry.length) for entry in _each(entries)])


def _each(entries: Sequence[SourcePicture]) -> list[SourcePicture]:
    return [part for entry in entries for part in (entry, entry.lq) if part]


def _hash(recipe: Recipe, sizes: Sequence[tuple[SourcePicture, int | None]]) -> str:
    fields: dict[str, Any] = {**asdict(recipe), "max_steps": None}
    for term in ("sr_gradient", "texture"):
        if not fields["loss_weights"][term]:  # so checkpoints from before there was one still fit
            del fields["loss_weights"][term]
    if recipe.shrink is None:  # as before there was such a field
        del fields["shrink"]
    names = [(Path(entry.name).name, size) for entry, size in sizes]
    return hashlib.sha256(json.dumps([fields, names]).encode()).hexdigest()
