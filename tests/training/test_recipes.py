from dataclasses import replace

import pytest

from jcarsr import JCARSR, PRESETS
from jcarsr.training.prepare import make_optimizers
from jcarsr.training.recipes import RECIPES, Recipe


@pytest.mark.parametrize(
    "recipe",
    [*RECIPES.values(), replace(RECIPES["short"], optimizer="adamw")],  # as jcarsr-lite-x4 was made
    ids=[*RECIPES, "adamw"],
)
def test_every_recipe_optimises_each_parameter_of_its_network_once(recipe: Recipe) -> None:
    model = JCARSR(PRESETS[recipe.preset])
    optimizers = make_optimizers(model, recipe)
    assert optimizers[0].param_groups[0]["betas"] == recipe.betas
    given = [param for o in optimizers for group in o.param_groups for param in group["params"]]
    assert len(given) == len(list(model.parameters()))
    assert set(given) == set(model.parameters())


def test_paper_recipe_is_section_3_2() -> None:
    recipe = RECIPES["paper"]
    assert (recipe.optimizer, recipe.learning_rate, recipe.betas) == ("adam", 1e-4, (0.9, 0.999))
    assert (recipe.loss_weights.gradient, recipe.loss_weights.jcar) == (0.1, 0.5)
    assert recipe.qfs == (10, 20, 30, 40, 80)


@pytest.mark.parametrize(
    ("field", "value"),
    [("qfs", ()), ("qfs", (10, 101)), ("batch_size", 0), ("learning_rate", -1), ("ema_decay", 1)],
)
def test_nonsense_is_refused_with_the_value(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        replace(RECIPES["short"], **{field: value})  # pyright: ignore
