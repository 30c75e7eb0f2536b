import os
from pathlib import Path

import pytest

from jcarsr.batch.search import search


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"picture")


def found(root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path, _ in search(root, root / "out").pictures]


@pytest.mark.parametrize(
    "folder",
    [
        *("@eaDir", ".@__thumb", ".thumbnails", "#recycle", "@Recycle", "$RECYCLE.BIN", "__MACOSX"),
        *(".Trash-1000", "@tmp", "lost+found", ".picasaoriginals", ".stversions"),
    ],
)
def test_thumbnails_and_deleted_files_of_a_nas_are_left(tmp_path: Path, folder: str) -> None:
    put(tmp_path, "a.jpg", f"{folder}/b.jpg", f"deep/{folder}/a.jpg/c.jpg", "deep/d.jpg")
    assert found(tmp_path) == ["a.jpg", "deep/d.jpg"]
    assert found(tmp_path / folder) == ["b.jpg"]  # named by the user, it is searched
    assert search(tmp_path, tmp_path / "out").notes == []


def test_names_that_cameras_and_browsers_give_are_searched(tmp_path: Path) -> None:
    names = ["a.MPO", "b.HIF", "c.jps", "d.pjpeg", "e.pjp", "f.jfif", "g.JPG"]
    put(tmp_path, *names)
    assert found(tmp_path) == names


def test_what_is_left_is_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jxl", "c.JXL", "deep/d.dng", "e", ".hidden", "Thumbs.db", "._a.jpg")
    assert search(tmp_path, tmp_path / "out").notes == [
        f"{tmp_path}: 4 files are left out, not named as pictures: "
        "2 .jxl, 1 without extension, 1 .dng"
    ]
    put(tmp_path / "one", "x.mov")
    (refused,) = search(tmp_path / "one", tmp_path / "out").refused
    assert refused[1] == (
        "a folder without pictures (1 file is left out, not named as pictures: 1 .mov)"
    )


def test_hidden_files_and_folders_are_left_and_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", ".hidden.jpg", "deep/.trashed-1-b.jpg", "._a.jpg", ".nomedia")
    put(tmp_path, ".private/c.jpg", "deep/.private/d.jpg", "deep/.more/.e.jpg", "@eaDir/.f.jpg")
    assert found(tmp_path) == ["a.jpg"]
    assert search(tmp_path, None).notes == [
        f"{tmp_path}: 3 hidden folders are left out; 2 hidden pictures are left out"
    ]
    assert found(tmp_path / ".private") == ["c.jpg"]  # named by the user, it is searched
    (refused,) = search(tmp_path / "deep" / ".more", None).refused
    assert refused[1] == "a folder without pictures (1 hidden picture is left out)"


def test_hidden_folder_of_results_is_not_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", ".out/a_x2.png")
    assert search(tmp_path, tmp_path / ".out").notes == []


def test_linked_folders_are_left_and_counted(tmp_path: Path) -> None:
    put(tmp_path / "album", "a.jpg", "x.txt")
    put(tmp_path / "elsewhere", "b.jpg")
    (tmp_path / "album" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "album" / ".link").symlink_to(tmp_path / "elsewhere")
    assert found(tmp_path / "album") == ["a.jpg"]
    assert search(tmp_path / "album", None).notes == [
        f"{tmp_path / 'album'}: 1 file is left out, not named as pictures: 1 .txt; "
        "2 linked folders are left out"
    ]


def test_results_are_neither_searched_nor_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "out/a_x2.png", "out/jcarsr-ledger.sqlite3")
    assert found(tmp_path) == ["a.jpg"]
    assert search(tmp_path, tmp_path / "out").notes == []


def test_what_would_block_for_ever_is_refused_unopened(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "b.jpg")
    (tmp_path / "c.jpg").symlink_to("/dev/zero")
    (tmp_path / "d.jpg").symlink_to("/dev/null")
    (tmp_path / "e.jpg").touch()
    (tmp_path / "f.jpg").symlink_to("b.jpg")
    (tmp_path / "g.jpg").symlink_to("/proc/kmsg")  # a file without a size, which waits for news
    refused = search(tmp_path, tmp_path / "out").refused
    assert [(path.name, reason) for path, reason in refused] == [
        ("b.jpg", "not a file"),
        ("c.jpg", "not a file"),
        ("d.jpg", "not a file"),
        ("e.jpg", "an empty file, not a picture"),
        ("f.jpg", "not a file"),
        ("g.jpg", "an empty file, not a picture"),
    ]
    assert found(tmp_path) == ["a.jpg"]


def test_missing_link_is_read_to_learn_why(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to("nowhere")
    assert found(tmp_path) == ["a.jpg"]
