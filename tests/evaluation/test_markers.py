"""The results part of a document is replaced whole or not at all."""

import os
from pathlib import Path

import pytest

from jcarsr import DataError
from jcarsr.evaluation.markers import (
    BEGIN,
    END,
    check_between_markers,
    replace_between_markers,
)
from jcarsr.partfile import PART

OLD = f"# Results\n\n{BEGIN}\nold\n{END}\nafter ü\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(OLD, "utf-8")
    path.chmod(0o640)
    return path


def test_a_new_file_takes_the_place_and_the_permissions(page: Path) -> None:
    with page.open("r", encoding="utf-8") as reader:
        replace_between_markers(page, "new")
        assert reader.read() == OLD  # who reads meanwhile sees the old one, whole
    assert "\nnew\n" in page.read_text("utf-8")
    assert page.read_text("utf-8").endswith(f"{END}\nafter ü\n")
    assert page.stat().st_mode & 0o777 == 0o640
    assert os.listdir(page.parent) == ["page.md"]


def test_a_link_stays_and_its_file_is_replaced(page: Path) -> None:
    link = page.parent / "link.md"
    link.symlink_to("page.md")
    replace_between_markers(link, "new")
    assert link.is_symlink()
    assert "\nnew\n" in page.read_text("utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_a_full_disk_leaves_the_old_file(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"x")

    monkeypatch.setattr("jcarsr.partfile.os.fsync", fail)
    with pytest.raises(DataError, match=r"page\.md: cannot be written \(No space left on device\)"):
        replace_between_markers(page, "new")
    assert page.read_text("utf-8") == OLD
    assert not [name for name in os.listdir(page.parent) if name.endswith(PART)]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.md: cannot be read \(No such file or directory\)"):
        replace_between_markers(tmp_path / "none.md", "new")
    (tmp_path / "page.md").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"page\.md: cannot be read \(not UTF-8\)"):
        replace_between_markers(tmp_path / "page.md", "new")


def test_only_the_part_between_the_markers_changes(tmp_path: Path) -> None:
    page = tmp_path / "p.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    replace_between_markers(page, "new")
    replace_between_markers(page, "newer")
    assert page.read_text() == f"before\n{BEGIN}\n\nnewer\n\n{END}\nafter\n"


def test_page_without_markers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("text")
    with pytest.raises(DataError, match="has no lines"):
        replace_between_markers(tmp_path / "p.md", "new")


def test_what_stands_there_is_checked(page: Path) -> None:
    with pytest.raises(DataError, match=r"page\.md: is out of date"):
        check_between_markers(page, "new")
    replace_between_markers(page, "new")
    check_between_markers(page, "new")
    with pytest.raises(DataError, match="is out of date"):
        check_between_markers(page, "ne")
