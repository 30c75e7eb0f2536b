from pathlib import Path

import pytest

from jcarsr import JCARSRConfig
from jcarsr.errors import DataError, WeightsError
from jcarsr.experiments.agenda import make_agenda
from jcarsr.experiments.catalog import PLANS
from jcarsr.experiments.given import read_given
from jcarsr.experiments.jobs import Conditions
from jcarsr.experiments.plan import ExperimentPlan
from jcarsr.weights import find

pytestmark = pytest.mark.usefixtures("tiny_presets")


def test_jobs_come_seed_by_seed_and_a_missing_set_only_leaves_itself_out(
    plan: ExperimentPlan, conditions: Conditions, sets: Path
) -> None:
    agenda = make_agenda([plan, plan], conditions, seeds=2, sets=[sets])
    assert [(job.method, job.seed) for job in agenda.scorings] == [
        ("tiny-isrb", 0),
        ("tiny", 0),
        ("tiny-isrb", 1),
        ("tiny", 1),
    ]
    assert len(agenda.trainings) == 4
    assert list(agenda.missing_sets) == ["Manga109"]
    assert "no such folder" in agenda.missing_sets["Manga109"]


def test_a_sets_own_folder_is_found_and_half_a_set_is_not_scored(
    plan: ExperimentPlan, conditions: Conditions, sets: Path
) -> None:
    assert make_agenda([plan], conditions, seeds=1, sets=[sets / "Set5"]).scorings
    (sets / "Set5" / "0.png").unlink()
    with pytest.raises(DataError, match="is there; Set5: does not hold the whole set"):
        make_agenda([plan], conditions, seeds=1, sets=[sets])
    with pytest.raises(DataError, match="elsewhere: no such folder"):
        make_agenda([plan], conditions, seeds=1, sets=[sets / "elsewhere"])


def test_given_weights_have_the_size_of_their_preset(tmp_path: Path) -> None:
    (given,) = read_given([f"jcarsr-lite-x2={find('jcarsr-lite-x2')}"], tmp_path).values()
    assert given.parameters == 477_297


def test_given_weights_take_the_place_of_a_training(
    plan: ExperimentPlan, conditions: Conditions, sets: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    given = read_given([f"tiny={tiny_weights}"], tmp_path / "given")
    agenda = make_agenda([plan], conditions, seeds=2, sets=[sets], given=given)
    assert [job.recipe.preset for job in agenda.trainings] == ["tiny-isrb", "tiny-isrb"]
    methods = [job.method for job in agenda.scorings]
    assert methods.count(f"tiny,given={given['tiny'].hash}") == 1  # of no seed
    with pytest.raises(ValueError, match="--given tiny: not of this experiment: arcnn, swinir"):
        make_agenda([PLANS["table2"]], conditions, seeds=1, sets=[sets], given=given)


def test_files_of_another_network_are_refused(
    tiny: JCARSRConfig, tiny_weights: Path, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match="is of tiny, not of the network arcnn"):
        read_given([f"arcnn={tiny_weights}"], tmp_path)
    broken = tmp_path / "broken.pth"
    broken.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"broken\.pth"):
        read_given([f"arcnn={broken}"], tmp_path)
    with pytest.raises(WeightsError, match=r"none\.mat: no such file"):
        read_given(["arcnn=none.mat"], tmp_path)
    with pytest.raises(ValueError, match="--given arcnn: give PRESET=FILE"):
        read_given(["arcnn"], tmp_path)
    with pytest.raises(ValueError, match="no preset dan"):
        read_given(["dan=x.pth"], tmp_path)


def test_no_seeds_are_refused(plan: ExperimentPlan, conditions: Conditions, sets: Path) -> None:
    with pytest.raises(ValueError, match="--seeds 0: at least 1"):
        make_agenda([plan], conditions, seeds=0, sets=[sets])
