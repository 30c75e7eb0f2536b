from dataclasses import replace
from pathlib import Path

import pytest

from jcarsr.data.sources import list_pictures
from jcarsr.degradation.draw import Clean, Once
from jcarsr.experiments.catalog import PLANS
from jcarsr.experiments.jobs import Budget, Conditions, Data, default_budget, identity_of
from jcarsr.experiments.plan import jcarsr
from jcarsr.loss_weights import LossWeights
from jcarsr.training.schedule import Halving

GPU = Budget(minutes=2).on("cuda", "A GPU")


def test_tables_share_the_training_of_jcarsr(conditions: Conditions) -> None:
    hashes = {
        conditions.training(contestant.networks[0], 2, plan.qfs, 0).hash
        for name in ("noise", "table1", "table2", "table5", "table6", "table7", "table8")
        for plan in (PLANS[name],)
        for contestant in plan.lines("lite")
        if contestant.key("lite", 2, plan.qfs) == "jcarsr-lite-x2"
    }
    assert len(hashes) == 1


def test_hashes_of_stored_runs_stay() -> None:
    """A field that a recipe gets later must leave the hash as it is while it has its default."""
    conditions = Conditions(
        size="lite",
        budget=Budget(steps=3000),
        precision="float32",
        data=Data(paths=(), entries=()),
    )
    assert conditions.training(jcarsr(), 2, (10,), 0).hash == "70d536e069ec"


def test_hash_is_of_everything_that_decides_the_weights(conditions: Conditions) -> None:
    network = jcarsr()
    hashes = [
        conditions.training(network, 2, (10,), 0).hash,
        conditions.training(network, 2, (10,), 1).hash,
        conditions.training(network, 4, (10,), 0).hash,
        conditions.training(network, 2, (20,), 0).hash,
        conditions.training(replace(network, clean=True), 2, (10,), 0).hash,
        conditions.training(replace(network, lite_learning_rate=1e-5), 2, (10,), 0).hash,
        conditions.training(replace(network, losses=LossWeights(jcar=1)), 2, (10,), 0).hash,
        replace(conditions, budget=Budget(steps=3)).training(network, 2, (10,), 0).hash,
        replace(conditions, budget=Budget(minutes=2)).training(network, 2, (10,), 0).hash,
        replace(conditions, budget=GPU).training(network, 2, (10,), 0).hash,
        replace(conditions, precision="bfloat16").training(network, 2, (10,), 0).hash,
    ]
    fewer = Data(paths=conditions.data.paths, entries=conditions.data.entries[1:])
    hashes.append(replace(conditions, data=fewer).training(network, 2, (10,), 0).hash)
    assert len(set(hashes)) == len(hashes)


def test_a_small_networks_own_rate_is_not_the_large_ones(conditions: Conditions) -> None:
    own = replace(jcarsr(), lite_learning_rate=1e-5)
    rates = [
        replace(conditions, size=size).training(network, 2, (10,), 0).recipe.learning_rate
        for size in ("lite", "paper")
        for network in (jcarsr(), own)
    ]
    assert rates == [5e-4, 1e-5, 1e-4, 1e-4]


def test_pictures_are_known_by_name_and_size_wherever_they_lie(picture_folder: Path) -> None:
    before = identity_of(list_pictures([picture_folder]))
    moved = picture_folder.rename(picture_folder.with_name("moved"))
    assert identity_of(list_pictures([moved])) == before
    (moved / "00.png").write_bytes((moved / "01.png").read_bytes() + b"more")
    assert identity_of(list_pictures([moved])) != before


def test_recipe_follows_size_and_network(conditions: Conditions) -> None:
    lite = conditions.training(jcarsr(), 2, (10, 20), 3).recipe
    assert (lite.preset, lite.seed, lite.max_steps) == ("jcarsr-lite-x2", 3, 2)
    assert (lite.optimizer, lite.histories) == ("adamw", Once(qfs=(10, 20), share_444=0.0))
    paper = replace(conditions, size="paper").training(jcarsr(), 2, (10,), 0).recipe
    assert (paper.preset, paper.optimizer, paper.learning_rate) == ("jcarsr-x2", "adam", 1e-4)
    assert paper.schedule == Halving(every=1)  # of two steps, as 200,000 of a million
    longer = replace(conditions, size="paper", budget=Budget(steps=20_000))
    assert longer.training(jcarsr(), 2, (10,), 0).recipe.schedule == Halving(every=4_000)
    endless = replace(conditions, size="paper", budget=Budget(minutes=9))
    assert endless.training(jcarsr(), 2, (10,), 0).recipe.schedule == Halving(every=200_000)
    swinir, arcnn = (
        conditions.training(part, 4, (10,), 0).recipe
        for part in reversed(PLANS["table2"].contestants[0].networks)
    )
    assert (swinir.histories, swinir.shrink) == (Clean(), None)
    assert (arcnn.preset, arcnn.shrink) == ("arcnn", 4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "give one of them"),
        ({"steps": 1, "minutes": 1.0}, "give one of them"),
        ({"steps": 0}, "--steps 0: at least 1"),
        ({"minutes": -1.0}, "--minutes-per-model -1: more than 0"),
        ({"minutes": 1e6}, "more than 0 and less than 1,000,000"),
        ({"minutes": float("nan")}, "--minutes-per-model nan"),
    ],
)
def test_budget_is_one_positive_number(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Budget(**fields)  # pyright: ignore


def test_minutes_of_a_gpu_are_its_own() -> None:
    """Those of CPUs are told apart by the report alone: runs go on wherever they were begun."""
    assert str(GPU) == "2 minutes on A GPU"
    assert not GPU.counts_processor
    cpu = Budget(minutes=2).on("cpu", "A CPU, 1 thread")
    assert (str(cpu), cpu.counts_processor) == ("2 minutes", True)
    steps = Budget(steps=3).on("cuda", "A GPU")
    assert (str(steps), steps.counts_processor) == ("3 steps", False)


def test_default_budget_is_the_recipes() -> None:
    assert (str(default_budget("lite")), str(default_budget("paper"))) == (
        "3000 steps",
        "1000000 steps",
    )
