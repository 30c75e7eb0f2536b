"""What all training runs of these tests share."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.training import flops as flops
from support.training import options
from support.training import two_held_out as two_held_out

from jcarsr import JCARSRConfig
from jcarsr.degradation.draw import Once
from jcarsr.training.recipes import RECIPES, Recipe
from jcarsr.training.run import train


@pytest.fixture
def recipe(tiny: JCARSRConfig) -> Recipe:
    return replace(
        RECIPES["short"],
        preset="tiny",
        batch_size=2,
        patch_size=16,
        max_steps=6,
        ema_decay=0.5,
        histories=Once(qfs=(10, 40), share_444=0.2),
    )


@pytest.fixture(scope="session")
def _run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one whole run of `recipe`, made by the first test that needs it."""
    return tmp_path_factory.mktemp("whole") / "run"


@pytest.fixture
def finished(tmp_path: Path, small_pictures: Path, recipe: Recipe, _run: Path) -> Path:
    """A copy of the folder of one whole run of `recipe`, which a test may go on with."""
    if not _run.exists():
        train(recipe, options(small_pictures, _run))
    return Path(shutil.copytree(_run, tmp_path / "finished"))
