from pathlib import Path

import pytest

from jcarsr.evaluation.set_names import set_names


def test_folders_of_one_name_are_told_apart() -> None:
    folders = ["x/a/HR", "y/a/HR", "y/b/HR", "Set5"]
    assert set_names(list(map(Path, folders))) == ["x/a/HR", "y/a/HR", "b/HR", "Set5"]


def test_a_folder_given_twice_has_one_name() -> None:
    assert set_names([Path("a/HR"), Path("b/../a/HR/")]) == ["HR", "HR"]


def test_the_folder_one_is_in_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "HR").mkdir()
    monkeypatch.chdir(tmp_path / "HR")
    assert set_names([Path(), Path("..")]) == ["HR", tmp_path.name]
    assert set_names([Path("/"), Path("/HR")]) == ["/", "HR"]
