from pathlib import Path

import pytest
from PIL import Image

from jcarsr import DataError
from jcarsr.data.catalog import CATALOG, pictures_of


def fill(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for index in range(count):
        Image.new("RGB", (4, 4)).save(folder / f"{index}.png")


def test_the_usual_sets_are_known() -> None:
    names = {"DIV2K", "Flickr2K", "Set5", "Set14", "B100", "Urban100", "Manga109"}
    assert set(CATALOG) == names
    assert all(known.licence and known.how for known in CATALOG.values())


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_missing_set_tells_how_to_get_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError) as error:
        pictures_of(tmp_path / name)
    assert CATALOG[name].how in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("inside", ["", "HR"])
def test_known_set_is_found_in_its_folder_or_below(tmp_path: Path, inside: str) -> None:
    fill(tmp_path / "Set5" / inside, 5)
    assert len(pictures_of(tmp_path / "Set5")) == 5


def test_half_a_set_does_not_pass_for_the_set(tmp_path: Path) -> None:
    fill(tmp_path / "Set5", 4)
    with pytest.raises(DataError, match="does not hold the whole set"):
        pictures_of(tmp_path / "Set5")


def test_any_other_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    fill(tmp_path / "mine", 3)
    assert len(pictures_of(tmp_path / "mine")) == 3
