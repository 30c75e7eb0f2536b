import functools
from dataclasses import replace
from typing import get_args

import pytest

from jcarsr import PRESETS, JCARSRConfig
from jcarsr.evaluation.published import published_numbers
from jcarsr.experiments.catalog import PLANS, find_plans
from jcarsr.experiments.jobs import Budget, Conditions, Data
from jcarsr.experiments.plan import Contestant, PlannedNetwork, Size, jcarsr
from jcarsr.loss_weights import LossWeights
from jcarsr.networks.catalog import preset_facts
from jcarsr.protocols import Output


@functools.cache
def outputs(preset: str) -> tuple[Output, ...]:
    """What a preset's network predicts; that each can be built is tested with the catalogue."""
    if PRESETS[preset].architecture == "jcarsr":  # the config alone knows
        return JCARSRConfig(**PRESETS[preset].config).facts.outputs
    return preset_facts(preset).outputs


@pytest.mark.usefixtures("shapes_alone")
def test_every_network_of_every_plan_is_a_preset_and_can_learn_what_is_asked() -> None:
    seen: set[tuple[str, LossWeights]] = set()
    for size in get_args(Size):
        budget, data = Budget(steps=2), Data(paths=(), entries=())
        asked = Conditions(size=size, budget=budget, precision="float32", data=data)
        for plan in PLANS.values():
            for network in (part for one in plan.lines(size) for part in one.networks):
                for scale in plan.scales:
                    recipe = asked.training(network, scale, plan.qfs, 0).recipe
                    assert recipe.picture_scale == scale
                    seen.add((recipe.preset, recipe.loss_weights))
    for preset, losses in seen:
        losses.for_outputs(outputs(preset))
    assert len(seen) > 40


def test_the_papers_lines_are_all_there_by_its_own_names() -> None:
    for number in published_numbers():
        plan = PLANS[f"table{number.table}"]
        assert number.method in [contestant.label for contestant in plan.contestants]
        assert number.scale in plan.scales
        assert number.qf in plan.qfs
        assert number.dataset in plan.sets


def test_label_that_the_paper_does_not_have_is_refused() -> None:
    plan = PLANS["table5"]
    wrong = Contestant(label="w/o anything", parts=(jcarsr(),))
    with pytest.raises(ValueError, match=r"'w/o anything' is no method of the paper's table 5"):
        replace(plan, contestants=(*plan.contestants, wrong))
    replace(plan, contestants=(*plan.contestants, replace(wrong, ours=True)))


def test_a_part_of_a_plan_keeps_its_order_and_has_a_reference() -> None:
    plan = PLANS["table5"]
    assert [c.label for c in plan.only(("JCARSR", "w/o MA")).contestants] == ["w/o MA", "JCARSR"]
    assert plan.only(("w/o MA",)).reference == "w/o MA"
    assert plan.only(()) is plan
    with pytest.raises(ValueError, match=r"'w/o X': not a line of table5: w/o MSNAFB"):
        plan.only(("w/o X",))


def test_key_tells_apart_what_is_trained_in_another_way() -> None:
    network = jcarsr()
    weighed = replace(network, losses=LossWeights(sr_gradient=0.1))
    keys = {
        network.key("lite", 2, (10,)),
        network.key("paper", 2, (10,)),
        network.key("lite", 4, (10,)),
        network.key("lite", 2, (10, 20)),
        weighed.key("lite", 2, (10,)),
        replace(network, clean=True).key("lite", 2, (10,)),
    }
    assert len(keys) == 6
    assert "jcarsr-lite-x2" in keys


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="table9: no such experiment, there are noise, table1"):
        find_plans("table9")
    with pytest.raises(ValueError, match="nothing-x2: no such preset"):
        PlannedNetwork(name="nothing-x{scale}", lite="nothing-x{scale}").preset("lite", 2)


def test_jcarsr_without_our_skip_is_compared_where_the_others_have_none() -> None:
    label = "JCARSR w/o global skip"
    plan = PLANS["table1"]
    for size in get_args(Size):
        networks = [network for one in plan.lines(size) for network in one.networks]
        presets = [PRESETS[network.preset(size, scale)] for network in networks for scale in (2, 4)]
        with_skip = [p.config.get("skip", p.architecture == "jcarsr") for p in presets]
        assert all(with_skip) == (size == "lite")
        assert (label in [one.label for one in plan.lines(size)]) == (size == "paper")
