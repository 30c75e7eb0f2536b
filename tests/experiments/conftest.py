from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import support.rows
from support.experiments import make_conditions, make_sets, use_tiny_presets
from support.training import flops as flops
from support.training import two_held_out as two_held_out

from jcarsr import JCARSRConfig
from jcarsr.evaluation.rows import Row
from jcarsr.experiments.jobs import Conditions
from jcarsr.experiments.plan import Contestant, ExperimentPlan, PlannedNetwork


@pytest.fixture
def tiny_presets(tiny: JCARSRConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """`support.experiments.use_tiny_presets`."""
    use_tiny_presets(tiny, monkeypatch)


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
    """`support.experiments.make_sets`."""
    return make_sets(tmp_path)


@pytest.fixture
def conditions(small_pictures: Path) -> Conditions:
    """`support.experiments.make_conditions`."""
    return make_conditions(small_pictures)


@pytest.fixture
def make_row() -> Callable[..., Row]:
    """`support.rows.make_row`."""
    return support.rows.make_row
