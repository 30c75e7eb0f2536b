import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jcarsr import DataError
from jcarsr.data.sources import list_pictures
from jcarsr.pixels import Pixels


def make_tar(path: Path, photo: Pixels, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # pyright: ignore
        for name, format in (("b.avif", "AVIF"), ("sub/a.webp", "WEBP"), ("c.jpg", "JPEG")):
            file = io.BytesIO()
            Image.fromarray(photo).save(file, format, quality=95)
            member = tarfile.TarInfo(name)
            member.size = file.tell()
            tar.addfile(member, io.BytesIO(file.getvalue()))
        for name in ("manifest.csv", "sub/._a.webp"):
            other = tarfile.TarInfo(name)
            other.size = 3
            tar.addfile(other, io.BytesIO(b"a,b"))
    return path


def test_folder_and_tar_are_listed_in_order(
    tmp_path: Path, photo: Pixels, picture_folder: Path
) -> None:
    tar = make_tar(tmp_path / "s.tar", photo)
    entries = list_pictures([picture_folder, tar])
    assert [Path(e.name).name for e in entries[:2]] == ["00.png", "01.png"]
    names = [f"{tar}:b.avif", f"{tar}:sub/a.webp", f"{tar}:c.jpg"]
    assert [e.name for e in entries[20:]] == names
    for entry in entries[20:]:
        assert entry.size() == photo.shape[:2]
        assert np.abs(entry.pixels().astype(int) - photo).mean() < 4
    with Image.open(picture_folder / "07.png") as image:
        np.testing.assert_array_equal(entries[7].pixels(), np.asarray(image))


def test_picture_is_its_own_source(picture_folder: Path) -> None:
    (entry,) = list_pictures([picture_folder / "07.png"])
    (same,) = (e for e in list_pictures([picture_folder]) if e.name.endswith("07.png"))
    np.testing.assert_array_equal(entry.pixels(), same.pixels())


def test_missing_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: no such file or folder"):
        list_pictures([tmp_path / "nowhere"])


def test_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures"):
        list_pictures([tmp_path])


def test_compressed_or_foreign_files_are_told(tmp_path: Path, photo: Pixels) -> None:
    with pytest.raises(DataError, match="neither a folder nor an uncompressed tar"):
        list_pictures([make_tar(tmp_path / "s.tar.gz", photo, "w:gz")])


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="Linux has such a file")
def test_file_that_cannot_be_read_is_told() -> None:
    """Nothing is at the beginning of a process's memory: reading there fails as on a bad disk."""
    with pytest.raises(DataError, match=r"^/proc/self/mem: cannot be read \(Input/output error\)$"):
        list_pictures([Path("/proc/self/mem")])


def test_tar_with_a_damaged_header_is_told(tmp_path: Path) -> None:
    member = tarfile.TarInfo("a.png")
    member.pax_headers = {"GNU.sparse.map": "no number"}
    with tarfile.open(tmp_path / "s.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(member)
    with pytest.raises(DataError, match=r"s\.tar: cannot be read \(.*no number"):
        list_pictures([tmp_path / "s.tar"])


def test_broken_picture_is_named(picture_folder: Path) -> None:
    (picture_folder / "03.png").write_bytes(b"no")
    with pytest.raises(DataError, match=r"03\.png: not a picture"):
        list_pictures([picture_folder])[3].pixels()


def test_picture_that_has_gone_is_named(picture_folder: Path) -> None:
    entry = list_pictures([picture_folder])[3]
    entry.path.unlink()
    for read in (entry.pixels, entry.size, entry.last_save):
        with pytest.raises(DataError, match=r"03\.png: .*No such file"):
            read()
