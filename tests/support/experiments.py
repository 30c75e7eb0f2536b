"""Experiments small enough to be run in a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

from jcarsr import PRESETS, JCARSRConfig
from jcarsr.data.sources import list_pictures
from jcarsr.experiments.jobs import Budget, Conditions, Data
from jcarsr.networks import catalog
from jcarsr.networks.catalog import Preset
from jcarsr.training import recipes
from jcarsr.training.schedule import Cosine

_TINY: dict[str, dict[str, object]] = {
    "tiny": {},
    "tiny-isrb": {"jcar": False, "gradient": False},
    "tiny-isrb-ggb": {"jcar": False},
}


def use_tiny_presets(tiny: JCARSRConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have presets of small JCARSRs, and a recipe of a small step."""
    own = dict(catalog.ARCHITECTURES["jcarsr"].parameters)
    for name, changes in _TINY.items():
        preset = Preset("jcarsr", {**tiny.describe()["config"], **changes})
        monkeypatch.setitem(PRESETS, name, preset)
        own[name] = 1000
    jcarsr = replace(catalog.ARCHITECTURES["jcarsr"], parameters=own)
    monkeypatch.setitem(catalog.ARCHITECTURES, "jcarsr", jcarsr)
    small = replace(
        recipes.RECIPES["compare"],
        schedule=Cosine(warmup_steps=1),
        batch_size=1,
        patch_size=16,
        max_steps=2,
    )
    monkeypatch.setitem(recipes.RECIPES, "compare", small)


def make_sets(place: Path) -> Path:
    """Make a folder with a Set5 of five small pictures."""
    folder = place / "sets" / "Set5"
    folder.mkdir(parents=True)
    source = skimage.data.astronaut()
    for index in range(5):
        crop = source[index * 40 : index * 40 + 32, 100:132]
        Image.fromarray(crop).save(folder / f"{index}.png")
    return folder.parent


def make_conditions(pictures: Path) -> Conditions:
    """Two steps on the pictures of a folder."""
    return Conditions(
        size="lite",
        budget=Budget(steps=2),
        precision="float32",
        data=Data(paths=(pictures,), entries=tuple(list_pictures([pictures]))),
    )
