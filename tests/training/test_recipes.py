from dataclasses import replace

import pytest

from jcarsr.degradation.draw import Once, Web
from jcarsr.loss_weights import LossWeights
from jcarsr.networks.catalog import build_preset
from jcarsr.training.prepare import make_optimizers
from jcarsr.training.recipes import ANY_QUALITY, RECIPES, WEB, Recipe, change_histories


@pytest.mark.parametrize(
    "recipe",
    [*RECIPES.values(), replace(RECIPES["short"], optimizer="adamw")],  # as jcarsr-lite-x4 was made
    ids=[*RECIPES, "adamw"],
)
def test_every_recipe_optimises_each_parameter_of_its_network_once(recipe: Recipe) -> None:
    model = build_preset(recipe.preset)
    optimizers = make_optimizers(model, recipe)
    assert optimizers[0].param_groups[0]["betas"] == recipe.betas
    given = [param for o in optimizers for group in o.param_groups for param in group["params"]]
    assert len(given) == len(list(model.parameters()))
    assert set(given) == set(model.parameters())


def test_paper_recipe_is_section_3_2() -> None:
    recipe = RECIPES["paper"]
    assert (recipe.optimizer, recipe.learning_rate, recipe.betas) == ("adam", 1e-4, (0.9, 0.999))
    assert [recipe.loss_weights.of(term) for term in ("gradient", "jcar")] == [0.1, 0.5]
    assert recipe.histories == Once(qfs=(10, 20, 30, 40, 80), share_444=0)


@pytest.mark.parametrize(
    ("field", "value"),
    [("batch_size", 0), ("learning_rate", -1), ("ema_decay", 1), ("shrink", 3), ("shrink", 4)],
)
def test_nonsense_is_refused_with_the_value(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        replace(RECIPES["short"], **{field: value})  # pyright: ignore


def test_texture_of_too_small_crops_is_refused_before_training() -> None:
    weights = LossWeights(texture=1.0)
    assert replace(RECIPES["short"], patch_size=10, loss_weights=weights).patch_size == 10
    with pytest.raises(ValueError, match="patch_size makes 18x18"):
        replace(RECIPES["short"], patch_size=9, loss_weights=weights)


def test_pictures_are_shrunk_by_the_scale_or_as_asked_where_the_size_stays() -> None:
    recipe = RECIPES["short"]
    assert recipe.picture_scale == replace(recipe, shrink=2).picture_scale == 2
    cleaning = replace(recipe, preset="dncnn3")
    assert cleaning.picture_scale == 1
    assert replace(cleaning, shrink=4).picture_scale == 4


def test_histories_are_changed_in_kind_and_in_what_is_saved_once() -> None:
    assert change_histories(ANY_QUALITY) == ANY_QUALITY
    assert change_histories(WEB, kind="once") == ANY_QUALITY
    assert change_histories(ANY_QUALITY, kind="web") == WEB
    assert change_histories(ANY_QUALITY, qfs=(10,), share_444=0) == Once(qfs=(10,), share_444=0)
    changed = change_histories(ANY_QUALITY, kind="web", qfs=(10, 20))
    assert isinstance(changed, Web)
    assert changed.once.qfs == (10, 20)
    assert changed.repeated == WEB.repeated
    with pytest.raises(ValueError, match="--history twice: not one of once, web"):
        change_histories(ANY_QUALITY, kind="twice")
