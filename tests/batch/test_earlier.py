import json
from pathlib import Path

import pytest
from PIL import Image
from support.batch import file_sha256

from jcarsr.batch.earlier import RECORDS, results_beside
from jcarsr.batch.ledger import Ledger
from jcarsr.batch.search import search


def picture(path: Path, width: int, height: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), "teal").save(path)
    return path


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("a_x1.webp", (30, 20)),
        ("a_x2.png", (60, 40)),
        ("a_x4.jpg", (120, 80)),
        ("a_jpg_x2.png", (60, 40)),
        ("a_width-45.png", (45, 30)),
        ("a_height-10.png", (15, 10)),
        ("a_long-side-75.png", (75, 50)),
        ("a_short-side-50.png", (75, 50)),
    ],
)
def test_result_has_the_name_and_the_size(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    source = picture(tmp_path / "a.jpg", 30, 20)
    result = picture(tmp_path / name, *size)
    assert results_beside([source, result]) == {result}
    assert results_beside([result]) == set()  # its original is elsewhere
    picture(result, size[0] + 1, size[1])
    assert results_beside([source, result]) == set()


def test_result_of_a_turned_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    result = picture(tmp_path / "a_x2.png", 40, 60)
    assert results_beside([tmp_path / "a.jpg", result]) == {result}


def test_others_are_no_results(tmp_path: Path) -> None:
    pictures = [
        picture(tmp_path / "a.jpg", 30, 20),
        picture(tmp_path / "b_x2.png", 60, 40),  # of what?
        picture(tmp_path / "a_x3.png", 90, 60),
        picture(tmp_path / "a_x2.gif", 60, 40),  # which is not written
        picture(tmp_path / "a_width-0.png", 60, 40),
        picture(tmp_path / "a.detail.png", 30, 20),
    ]
    broken = tmp_path / "a_x2.png"
    broken.write_bytes(b"no picture")
    assert results_beside([*pictures, broken]) == set()


def test_maps_of_results_go_with_them(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.jpg", 30, 20)
    result = picture(tmp_path / "a_x2.webp", 60, 40)
    maps = {
        picture(tmp_path / f"a_x2.{kind}.png", 60, 40) for kind in ("gradient", "detail", "side")
    }
    assert results_beside([source, result, *maps]) == {result, *maps}


def test_search_counts_them(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg", 30, 20)
    picture(tmp_path / "a_x2.png", 60, 40)
    picture(tmp_path / "deep" / "b.png", 10, 10)
    picture(tmp_path / "deep" / "b_x4.png", 40, 40)
    picture(tmp_path / "deep" / ".c.png", 10, 10)
    picture(tmp_path / "deep" / "c_x2.png", 20, 20)
    found = search(tmp_path, tmp_path / "out")
    assert [path.name for path, _ in found.pictures] == ["a.jpg", "b.png", "c_x2.png"]
    assert found.notes == [
        f"{tmp_path}: 2 earlier results are left out; 1 hidden picture is left out"
    ]
    assert len(search(tmp_path, None, results=True).pictures) == 5


def test_results_of_batch_are_known_by_their_records(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg", 30, 20)
    result = picture(tmp_path / "x2" / "deep" / "b_x2.png", 60, 40)
    other = picture(tmp_path / "x2" / "c.png", 60, 40)
    record = tmp_path / "x2" / RECORDS / "deep" / "b_x2.png.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"result_sha256": file_sha256(result)}))
    (record.parent / "c.png.json").write_text("damaged")
    found = [path for path, _ in search(tmp_path, tmp_path / "x4").pictures]
    assert found == [tmp_path / "a.jpg", other]
    record.write_text("[]")
    assert len(search(tmp_path, tmp_path / "x4").pictures) == 3


def test_while_a_run_writes_into_a_folder_its_pictures_may_be_results(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg", 30, 20)
    picture(tmp_path / "x2" / "b_x2.png", 60, 40)
    with Ledger(tmp_path / "x2"):
        found = search(tmp_path, tmp_path / "x4")
    assert [path for path, _ in found.pictures] == [tmp_path / "a.jpg"]
    assert found.notes[0].endswith("; 1 unfinished run's picture is left out")
    assert len(search(tmp_path, tmp_path / "x4").pictures) == 2  # what no ledger knows is no result
