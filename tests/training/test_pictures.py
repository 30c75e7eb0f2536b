import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from jcarsr import JCARSRConfig
from jcarsr.data.bank import Bank
from jcarsr.data.sources import SourcePicture, list_pictures
from jcarsr.degradation.draw import Once
from jcarsr.errors import DataError, TrainingError
from jcarsr.loss_weights import LossWeights
from jcarsr.training.options import RunOptions
from jcarsr.training.pictures import (
    Banks,
    fill_bank,
    former_identity,
    identity,
    split_entries,
)
from jcarsr.training.recipes import RECIPES, Recipe
from jcarsr.training.report import Reporter

CPU = torch.device("cpu")


@pytest.fixture
def recipe(tiny: JCARSRConfig) -> Recipe:
    histories = Once(qfs=(10, 40), share_444=0.2)
    return replace(
        RECIPES["short"], preset="tiny", batch_size=6, patch_size=16, histories=histories
    )


def test_validation_takes_its_own_pictures_or_some_of_the_others(
    picture_folder: Path, tmp_path: Path
) -> None:
    options = RunOptions(data=[picture_folder], out=tmp_path, device="cpu")
    training, held = split_entries(options, 2)
    assert (len(training), len(held)) == (12, 8)
    training, held = split_entries(replace(options, validation=[picture_folder]), 2)
    assert training == held == list_pictures([picture_folder])


def test_processes_share_the_pictures(picture_folder: Path, recipe: Recipe) -> None:
    entries = list_pictures([picture_folder])
    banks = [
        fill_bank(recipe, entries, Reporter(), rank=rank, processes=3, device=CPU)
        for rank in range(3)
    ]
    assert [len(bank) for bank in banks] == [7, 7, 6]


def test_bank_is_kept_for_runs_that_learn_from_the_same(
    picture_folder: Path, recipe: Recipe
) -> None:
    entries, banks = list_pictures([picture_folder]), Banks()

    def fill(own: Recipe) -> Bank:
        place = {"rank": 0, "processes": 1, "device": CPU, "banks": banks}
        return fill_bank(own, entries, Reporter(), **place)  # pyright: ignore

    first = fill(recipe)
    assert fill(replace(recipe, learning_rate=1, max_steps=7)) is first
    other = fill(replace(recipe, histories=Once(qfs=(20,), share_444=0.0)))
    assert other is not first
    assert fill(replace(recipe, histories=Once(qfs=(20,), share_444=0.0), seed=1)) is other
    drawn = fill(replace(recipe, histories=Once(qfs=(20,), share_444=0.5)))
    assert fill(replace(recipe, histories=Once(qfs=(20,), share_444=0.5), seed=1)) is not drawn
    assert fill(recipe) is not first  # one is kept


@pytest.mark.parametrize(
    ("processes", "kept", "error", "message"),
    [
        (4, 20, TrainingError, "batch size 6 cannot be shared by 4 processes"),
        (3, 2, DataError, "2 pictures are too few for 3 processes"),
    ],
)
def test_what_cannot_be_shared_is_told(
    picture_folder: Path,
    recipe: Recipe,
    processes: int,
    kept: int,
    error: type[Exception],
    message: str,
) -> None:
    entries = list_pictures([picture_folder])[:kept]
    with pytest.raises(error, match=message):
        fill_bank(recipe, entries, Reporter(), rank=processes - 1, processes=processes, device=CPU)


def test_run_is_known_by_recipe_and_pictures_but_not_by_budget_or_place(
    picture_folder: Path, recipe: Recipe
) -> None:
    entries = list_pictures([picture_folder])
    known = identity(recipe, entries)
    assert identity(replace(recipe, max_steps=7), entries) == known
    entries = list_pictures([picture_folder.rename(picture_folder.with_name("moved"))])
    assert identity(recipe, entries) == known
    for weights in (LossWeights(sr_gradient=0.1), LossWeights(texture=0.1)):
        assert identity(replace(recipe, loss_weights=weights), entries) != known
    assert identity(replace(recipe, seed=7), entries) != known
    assert identity(replace(recipe, shrink=2), entries) != known
    assert identity(recipe, entries[1:]) != known


def test_run_is_known_by_the_sizes_of_its_files_too(picture_folder: Path, recipe: Recipe) -> None:
    entries = list_pictures([picture_folder])
    known, formerly = identity(recipe, entries), former_identity(recipe, entries)
    assert known != formerly
    with (picture_folder / "03.png").open("ab") as file:
        file.write(b"0")
    changed = list_pictures([picture_folder])
    assert identity(recipe, changed) != known
    assert former_identity(recipe, changed) == formerly
    (picture_folder / "04.png").unlink()
    with pytest.raises(DataError, match=r"04\.png: No such file"):
        identity(recipe, changed)


def test_former_identity_is_that_of_earlier_versions(recipe: Recipe) -> None:
    """As they made it of one picture in a folder and one in a tar."""
    fields = {**asdict(recipe), "max_steps": None}
    del fields["shrink"], fields["loss_weights"]["sr_gradient"], fields["loss_weights"]["texture"]
    text = json.dumps([fields, [["a.png", None], ["b.png", 700]]])
    there = Path("nowhere")
    entries = [
        SourcePicture("folder/a.png", there / "a.png"),
        SourcePicture("s.tar:sub/b.png", there / "s.tar", 512, 700),
    ]
    assert former_identity(recipe, entries) == hashlib.sha256(text.encode()).hexdigest()
