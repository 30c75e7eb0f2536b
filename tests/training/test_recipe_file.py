import re
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from jcarsr.degradation.draw import Clean, Paired
from jcarsr.loss_weights import LossWeights
from jcarsr.training.recipe_file import as_toml, read_recipe
from jcarsr.training.recipes import RECIPES, WEB, Recipe
from jcarsr.training.schedule import Cosine

SHORT = RECIPES["short"]
OTHERS = {
    "web": replace(SHORT, histories=WEB, schedule=Cosine(warmup_steps=3, floor=0.1)),
    "clean": replace(SHORT, histories=Clean(), shrink=2, clip_norm=None),
    "pairs": replace(SHORT, histories=Paired(), loss_weights=LossWeights(jcar=0.25, pixel=1e-5)),
}


@pytest.mark.parametrize("recipe", [*RECIPES.values(), *OTHERS.values()], ids=[*RECIPES, *OTHERS])
def test_what_is_written_is_read_as_the_same(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(as_toml(recipe))
    assert read_recipe(tmp_path / "r.toml") == recipe


def test_file_has_the_fields_of_the_recipe() -> None:
    """Read by Python's own parser, which knows nothing of recipes."""
    table: dict[str, Any] = tomllib.loads(as_toml(RECIPES["paper"]))
    assert table.pop("histories") == {
        "kind": "once",
        "qfs": [10, 20, 30, 40, 80],
        "share_444": 0.0,
    }
    assert table.pop("schedule") == {"kind": "halving", "every": 200_000}
    plain = {key: value for key, value in asdict(RECIPES["paper"]).items() if key in table}
    assert table.pop("betas") == list(plain.pop("betas"))
    loss = {key: v for key, v in plain.pop("loss_weights").items() if v is not None}
    assert table.pop("loss_weights") == loss
    assert table == plain


@pytest.mark.parametrize(
    ("line", "other", "message"),
    [
        ("batch_size = 8", "batchsize = 8", "batchsize: not a key here, batch_size is"),
        ("batch_size = 8", 'batch_size = "8"', "batch_size = '8': must be a whole number"),
        ("batch_size = 8", "batch_size = 8.0", "batch_size = 8.0: must be a whole number"),
        ("batch_size = 8", "batch_size = true", "batch_size = True: must be a whole number"),
        ("batch_size = 8", "batch_size = 0", "batch_size must be positive, got 0"),
        ("batch_size = 8", "", "batch_size: is missing"),
        ("learning_rate = 0.001", "learning_rate = nan", "learning_rate = nan: must be finite"),
        ("clip_norm = 1.0", "clip_norm = -1", "clip_norm must be positive, got -1"),
        ("betas = [0.9, 0.95]", "betas = [0.9]", "betas = [0.9]: must be a list of 2"),
        ("betas = [0.9, 0.95]", "betas = 0.9", "betas = 0.9: must be a list"),
        ("betas = [0.9, 0.95]", "betas = [0.9, 1]", "betas must be in [0, 1), got (0.9, 1.0)"),
        ('optimizer = "muon"', 'optimizer = "sgd"', "must be one of adam, adamw, muon"),
        ('preset = "jcarsr-lite-x2"', 'preset = "jcarsr-lite"', "preset = 'jcarsr-lite': not kno"),
        ('kind = "once"', 'kind = "twice"', "histories.kind = 'twice': must be one of once, web"),
        ('kind = "once"', "", "histories.kind: must be one of once, web, paired, clean"),
        ("share_444 = 0.2", "share_444 = 2", "[histories] share_444 must be in [0, 1], got 2"),
        ("share_444 = 0.2", "", "histories.share_444: is missing"),
        ("warmup_steps = 100", "warm = 100", "schedule.warm: not a key here"),
        ("warmup_steps = 100", "warmup_steps = -1", "warmup_steps must be at least 0, got -1"),
        ("pixel = 1.0", "pixel = -1", "pixel must be at least 0, got -1"),
        ("[loss_weights]", "[loss_weight]", "loss_weight: not a key here, loss_weights is"),
        ("seed = 0", "seed =", "no TOML that can be read"),
    ],
)
def test_what_is_wrong_is_one_line_with_file_and_key(
    line: str, other: str, message: str, tmp_path: Path
) -> None:
    text = as_toml(SHORT)
    assert text.count(line) == 1
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(line, other))
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        read_recipe(path)
    assert str(error.value).startswith(f"{path}: ")
    assert str(error.value).count(str(path)) == 1
    assert "\n" not in str(error.value)


def test_table_may_not_be_a_value(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("schedule = 3\n")
    with pytest.raises(ValueError, match="schedule = 3: must be a table"):
        read_recipe(tmp_path / "r.toml")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.toml: No such file"):
        read_recipe(tmp_path / "none.toml")
