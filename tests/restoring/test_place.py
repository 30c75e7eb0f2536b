import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jcarsr.errors import ImageError
from jcarsr.restoring import place
from jcarsr.restoring.place import check_place, place_of


def test_link_that_leads_nowhere_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("nowhere")
    with pytest.raises(ImageError, match="exists already"):
        check_place(tmp_path / "a.png", overwrite=False)
    check_place(tmp_path / "b.png", overwrite=False)
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match=r"its result .* cannot be written"):
        check_place(tmp_path / "file" / "a.png", overwrite=True)


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file system on which case does not count, as on memory cards."""
    found = os.path.samefile

    def samefile(one: str, other: str) -> bool:
        return one.casefold() == other.casefold() or found(one, other)

    place.ignores_case.cache_clear()
    monkeypatch.setattr(os.path, "samefile", samefile)
    yield
    place.ignores_case.cache_clear()


@pytest.mark.usefixtures("folded")
def test_original_stays_where_case_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "IMG.JPG").touch()
    with pytest.raises(ImageError, match="would replace it: originals stay"):
        check_place(tmp_path / "img.jpg", overwrite=True, source=tmp_path / "IMG.JPG")
    check_place(tmp_path / "img.png", overwrite=True, source=tmp_path / "IMG.JPG")


@pytest.mark.usefixtures("folded")
def test_an_accent_is_one_however_it_is_written_where_case_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "other.jpg").touch()
    assert place_of(tmp_path / "caf\u00e9.jpg") == place_of(tmp_path / "CAFE\u0301.jpg")


def test_names_that_differ_by_case_are_two_where_it_counts(tmp_path: Path) -> None:
    (tmp_path / "IMG.JPG").touch()
    check_place(tmp_path / "img.jpg", overwrite=True, source=tmp_path / "IMG.JPG")
    assert place_of(tmp_path / "new" / "A") != place_of(tmp_path / "new" / "a")
    assert place_of(tmp_path / "b" / ".." / "a") == place_of(tmp_path / "a")
