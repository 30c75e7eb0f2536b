from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import skimage.data
import support.rows
from PIL import Image

from jcarsr import PRESETS, JCARSRConfig
from jcarsr.data.sources import list_pictures
from jcarsr.evaluation.rows import Row
from jcarsr.experiments.jobs import Budget, Conditions, Data
from jcarsr.experiments.plan import Contestant, ExperimentPlan, PlannedNetwork
from jcarsr.networks import catalog
from jcarsr.networks.catalog import Preset
from jcarsr.training import recipes
from jcarsr.training.schedule import Cosine

TINY: dict[str, dict[str, object]] = {
    "tiny": {},
    "tiny-isrb": {"jcar": False, "gradient": False},
    "tiny-isrb-ggb": {"jcar": False},
}


@pytest.fixture
def tiny_presets(tiny: JCARSRConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Presets of small JCARSRs, and a recipe of a small step."""
    own = dict(catalog.ARCHITECTURES["jcarsr"].parameters)
    for name, changes in TINY.items():
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


def network(name: str) -> PlannedNetwork:
    return PlannedNetwork(name=name, lite=name)


@pytest.fixture
def plan() -> ExperimentPlan:
    """JCARSR and an ablation of it, small."""
    return ExperimentPlan(
        name="table6",
        table=6,
        title="Two lines",
        reference="ISRB + GGB + CARB",
        contestants=(
            Contestant(label="ISRB", parts=(network("tiny-isrb"),)),
            Contestant(label="ISRB + GGB + CARB", parts=(network("tiny"),)),
        ),
        sets=("Set5", "Manga109"),
    )


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """A folder with a Set5 of five small pictures."""
    folder = tmp_path / "sets" / "Set5"
    folder.mkdir(parents=True)
    source = skimage.data.astronaut()
    for index in range(5):
        crop = source[index * 40 : index * 40 + 32, 100:132]
        Image.fromarray(crop).save(folder / f"{index}.png")
    return folder.parent


@pytest.fixture
def conditions(small_pictures: Path) -> Conditions:
    """Two steps on the pictures of `small_pictures`."""
    return Conditions(
        size="lite",
        budget=Budget(steps=2),
        precision="float32",
        data=Data(paths=(small_pictures,), entries=tuple(list_pictures([small_pictures]))),
    )


@pytest.fixture
def make_row() -> Callable[..., Row]:
    """`support.rows.make_row`."""
    return support.rows.make_row
