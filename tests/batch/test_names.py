import os
from pathlib import Path

import pytest

from jcarsr.batch.names import fill, mirrored_names, place_results


def names(*folders: Path) -> list[str]:
    found = mirrored_names(folders)
    return [found[os.path.realpath(folder)].as_posix() for folder in folders]


@pytest.mark.parametrize("reverse", [False, True])
def test_folders_are_mirrored_under_as_much_of_their_paths_as_tells_them_apart(
    tmp_path: Path, reverse: bool
) -> None:
    given = [tmp_path / path for path in ("100CANON", "101CANON", "x/s", "y/s")]
    expected = dict(zip(given[:2], ["100CANON", "101CANON"], strict=True))
    given = given[::-1] if reverse else given
    assert dict(zip(given, names(*given), strict=True)) == {
        **{tmp_path / name: f"{tmp_path.name}/{name}" for name in ("100CANON", "101CANON")},
        **{tmp_path / f"{one}/s": f"{one}/s" for one in "xy"},
    }
    assert names(*expected) == list(expected.values())


def test_single_folder_has_no_name_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert names(tmp_path) == ["."]
    assert names(tmp_path, Path()) == [".", "."]  # it is the same
    assert names(Path("a"), Path("..")) == ["a", tmp_path.parent.name]
    assert names(Path("/"), Path("/home")) == [".", "home"]


def test_template_has_the_parent() -> None:
    assert fill("{parent}.{stem}.{suffix}.{size}", Path("/b/c/a.jpg"), "x2") == "c.a.jpg.x2"
    with pytest.raises(ValueError, match=r"only \{stem\}, \{suffix\}, \{parent\}, \{size\}"):
        fill("{folder}", Path("a.jpg"), "x2")


def placed(sources: list[str], kept: dict[str, str]) -> list[str]:
    found = [(Path("/in", source), Path("out")) for source in sources]
    places, known = place_results(
        found,
        "{stem}",
        "x2",
        known=lambda index, place: kept.get(place.name) == sources[index],
    )
    assert {places[index].name for index in known} <= kept.keys()
    return [place.name for place in places]


@pytest.mark.parametrize(
    ("sources", "kept", "expected"),
    [
        (["a.jpg", "a.png"], {}, ["a_jpg", "a_png"]),
        (["a.jpg", "a.png"], {"a": "a.jpg"}, ["a", "a_png"]),
        (["a.jpg", "a.png"], {"a": "a.png"}, ["a_jpg", "a"]),
        (["a.png"], {"a": "a.jpg", "a_png": "a.png"}, ["a_png"]),  # a.jpg has been removed
        (["a.jpg"], {"a_jpg": "a.jpg"}, ["a_jpg"]),
        # as an uninterrupted run names them, after the first is done
        (["a.jpg", "a.png", "a.webp"], {"a_jpg": "a.jpg"}, ["a_jpg", "a_png", "a_webp"]),
        # the name of both runs before and after names were kept
        (["a.jpg", "a.png"], {"a": "a.jpg", "a_jpg": "a.jpg"}, ["a_jpg", "a_png"]),
        (["a.jpg", "a_jpg.png"], {"a_jpg": "a.jpg"}, ["a_jpg", "a_jpg_png"]),
        (["a.jpg", "a.png", "a_png.webp"], {"a": "a.jpg"}, ["a", "a_png", "a_png_webp"]),
    ],
)
def test_source_of_a_known_result_keeps_its_name(
    sources: list[str], kept: dict[str, str], expected: list[str]
) -> None:
    assert placed(sources, kept) == expected
    assert placed(sources[::-1], kept) == expected[::-1]


def test_names_stay_while_one_after_another_becomes_known() -> None:
    sources = ["a.jpg", "a.png", "a_jpg.png", "b.png", "a_png.jpg"]
    for earlier in ({}, {"a": "a.png"}, {"a_jpg": "a.jpg"}, {"b_png": "b.png", "a_png": "a.png"}):
        whole = placed(sources, earlier)
        assert len(set(whole)) == len(sources)
        kept = dict(earlier)
        for source, place in zip(sources, whole, strict=True):  # killed after each
            kept[place] = source
            assert placed(sources, kept) == whole
