from pathlib import Path
from uuid import uuid4

import pytest
from support.plans import planned, touch

from jcarsr.batch.plan import FileJob
from jcarsr.batch.shard import WHOLE, Shard
from jcarsr.cluster.sources import Item, find_repeated, pictures_of, plan_items
from jcarsr.cluster.store import open_store
from jcarsr.errors import StorageError

NAMED = {"name": "{stem}_{size}", "size": "x2", "extension": "png"}


def test_folder_and_object_store_have_the_same_pictures(tmp_path: Path) -> None:
    names = ("b.jpg", "deep/a.PNG", "deep/notes.txt", "ä.webp")
    touch(tmp_path / "in", *names)
    (tmp_path / "in" / "empty.jpg").touch()
    folder = pictures_of(open_store(str(tmp_path / "in")), None)
    objects = open_store(f"memory://{uuid4().hex}")
    for name in names:
        objects.write(name, b"picture")
    objects.write("empty.jpg", b"")
    found = pictures_of(objects, None)
    assert {key for key, why in folder.items() if why is None} == {"b.jpg", "deep/a.PNG", "ä.webp"}
    assert found == folder
    assert folder["empty.jpg"] == "an empty file, not a picture"


def test_folder_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, why in (("empty", "without pictures"), ("none", "cannot be read")):
        with pytest.raises(StorageError, match=f"{name}: .*{why}"):
            pictures_of(open_store(str(tmp_path / name)), None)


def test_results_are_named_as_restore_names_them(tmp_path: Path) -> None:
    names = ("a.jpg", "a.png", "deep/a.jpg", "deep/b.webp", "a_jpg.gif")
    touch(tmp_path / "in", *names)
    plan = planned([tmp_path / "in"], tmp_path / "out")
    expected = {
        (
            str(job.source.relative_to(tmp_path / "in")),
            str(job.target.relative_to(tmp_path / "out")),
        )
        for job in plan.jobs
        if isinstance(job, FileJob)
    }
    items = plan_items(dict.fromkeys(names), WHOLE, **NAMED)
    assert {(item.key, item.target) for item in items} == expected
    assert len(expected) == 5


def test_shards_are_disjoint_and_have_the_names_of_the_whole() -> None:
    keys = dict.fromkeys([*(f"{number}.jpg" for number in range(50)), "7.png"])
    whole = plan_items(keys, WHOLE, **NAMED)
    parts = [plan_items(keys, Shard(number, 3), **NAMED) for number in (1, 2, 3)]
    assert sorted(str(item) for part in parts for item in part) == sorted(map(str, whole))
    assert all(parts)


@pytest.mark.parametrize("key", ["../a.jpg", "/a.jpg", "a//b.jpg", "", ".", "a\nb.jpg", "./a.jpg"])
def test_key_that_could_lead_elsewhere_is_refused(key: str) -> None:
    first, other = plan_items({key: None, "b.jpg": None}, WHOLE, **NAMED)
    assert first.target is None
    assert first.reason is not None
    assert "its key" in first.reason
    assert other == Item("b.jpg", "b_x2.png")


@pytest.mark.parametrize("key", ["3.04.05\u202fPM.jpg", "\u5199\u771f\u3000.jpg", "a\u00a0b.jpg"])
def test_names_may_have_any_space(key: str) -> None:
    (item,) = plan_items({key: None}, WHOLE, **NAMED)
    assert item.reason is None


@pytest.mark.parametrize("key", ["\udcff.jpg", "a\u2028b.jpg", "a\x1bb.jpg"])
def test_what_is_no_text_is_refused(key: str) -> None:
    (item,) = plan_items({key: None}, WHOLE, **NAMED)
    assert "control characters" in (item.reason or "")


def test_two_results_of_one_name_are_refused() -> None:
    keys = dict.fromkeys(["a.jpg", "b.jpg"])
    first, other = plan_items(keys, WHOLE, name="same", size="x2", extension="png")
    assert (first.target, other.target) == ("same.png", None)
    assert other.reason == "its result same.png is that of a.jpg"


def test_repeated_keys_are_found() -> None:
    assert find_repeated(["a", "b", "a", "c", "b", "a"]) == ["a", "b"]
