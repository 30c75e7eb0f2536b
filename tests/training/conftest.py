"""What all training runs of these tests share: the operations of a step are counted once."""

from collections.abc import Callable

import pytest

from jcarsr.networks.catalog import PRESETS
from jcarsr.training import loop
from jcarsr.training.meter import step_flops
from jcarsr.training.recipes import Recipe


@pytest.fixture(scope="session")
def counted() -> Callable[[Recipe], int]:
    """`step_flops`, which takes longer than the runs of these tests, computed once a setting."""
    known: dict[str, int] = {}

    def flops(recipe: Recipe) -> int:
        sizes = (recipe.batch_size, recipe.patch_size, recipe.pixel_error, recipe.loss_weights)
        key = repr((PRESETS[recipe.preset], *sizes))
        if key not in known:
            known[key] = step_flops(recipe)
        return known[key]

    return flops


@pytest.fixture(autouse=True)
def _flops_are_counted_once(
    monkeypatch: pytest.MonkeyPatch, counted: Callable[[Recipe], int]
) -> None:
    monkeypatch.setattr(loop, "step_flops", counted)
