import errno
import io
import os
import re
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.pictures import DEEP, open_image

from jcarsr import partfile
from jcarsr.errors import ImageError, StorageError
from jcarsr.image import (
    FORMATS,
    Metadata,
    Picture,
    save,
)
from jcarsr.partfile import PART
from jcarsr.pixels import Pixels


def fails(code: int) -> Callable[..., None]:
    def failing(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    return failing


def partial_of(picture: Picture, path: Path) -> Path:
    """What the file is called while it is being written."""
    seen: list[Path] = []
    save(picture, path, before_rename=seen.append)
    return seen[0]


EXIF = Image.Exif()
EXIF[0x010F] = "Maker"
KINDS = {
    "8 bits": Picture(DEEP[..., :3].astype(np.uint8)),
    "8 bits and EXIF": Picture(
        DEEP[..., :3].astype(np.uint8), metadata=Metadata(exif=EXIF.tobytes())
    ),
    "16 bits": Picture(DEEP[..., :3]),
}


class TestWriting:
    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_the_file_is_complete_before_it_has_its_name(
        self, tmp_path: Path, photo: Pixels, format: str
    ) -> None:
        path = tmp_path / f"a.{format}"
        path.write_bytes(b"old")
        seen: list[bytes] = []

        def look(partial: Path) -> None:
            assert partial.parent == tmp_path
            assert re.fullmatch(rf"\.\w+{re.escape(PART)}", partial.name)
            assert path.read_bytes() == b"old"
            seen.append(partial.read_bytes())

        save(Picture(photo), path, before_rename=look)
        assert seen == [path.read_bytes()]
        with Image.open(io.BytesIO(seen[0])) as image:
            image.load()
        assert [p.name for p in tmp_path.iterdir()] == [f"a.{format}"]

    @pytest.mark.parametrize(
        "name", ["a" * 251 + ".png", "ä" * 125 + ".tiff", "\udcff" * 251 + ".jpg"]
    )
    def test_longest_names(self, tmp_path: Path, photo: Pixels, name: str) -> None:
        assert len(os.fsencode(name)) == 255
        save(Picture(photo), tmp_path / name)
        assert open_image(tmp_path / name).shape == photo.shape
        assert os.listdir(tmp_path) == [name]

    def test_no_two_writings_share_a_part(self, tmp_path: Path, photo: Pixels) -> None:
        names = ["a.png", "b.png", "a.jpg", "A.png", "a.png", "a.png"]
        partials = {partial_of(Picture(photo[:9, :9]), tmp_path / name) for name in names}
        assert len(partials) == len(names)

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_other_who_writes_the_same_file_meanwhile_spoils_nothing(
        self, tmp_path: Path, photo: Pixels, format: str
    ) -> None:
        """Whoever is renamed last has his own picture there, whole."""
        path, alone = tmp_path / f"a.{format}", tmp_path / f"alone.{format}"
        first, second = Picture(photo), Picture(photo[:20, :30])
        save(first, alone)

        def other(partial: Path) -> None:
            save(second, path)
            assert open_image(path).shape == (20, 30, 3)

        save(first, path, before_rename=other)
        assert path.read_bytes() == alone.read_bytes()
        assert len(list(tmp_path.iterdir())) == 2

    def test_link_in_the_results_place_is_replaced_and_not_followed(
        self, tmp_path: Path, photo: Pixels
    ) -> None:
        (tmp_path / "precious").write_bytes(b"precious")
        (tmp_path / "a.png").symlink_to("precious")
        save(Picture(photo), tmp_path / "a.png")
        assert (tmp_path / "precious").read_bytes() == b"precious"
        assert not (tmp_path / "a.png").is_symlink()
        assert open_image(tmp_path / "a.png").shape == photo.shape

    def test_failure_before_the_rename_leaves_the_old_file(
        self, tmp_path: Path, photo: Pixels
    ) -> None:
        (tmp_path / "a.png").write_bytes(b"old")

        def fail(partial: Path) -> None:
            assert partial.exists()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            save(Picture(photo), tmp_path / "a.png", before_rename=fail)
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a.png": b"old"}

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_failed_write_leaves_nothing(self, tmp_path: Path, photo: Pixels, format: str) -> None:
        (tmp_path / f"a.{format}").mkdir()
        with pytest.raises(ImageError, match=r"^cannot be written") as error:
            save(Picture(photo), tmp_path / f"a.{format}")
        assert "\n" not in str(error.value)
        assert not isinstance(error.value, StorageError)
        assert [p.name for p in tmp_path.iterdir()] == [f"a.{format}"]

    def test_folder_that_is_a_file(self, tmp_path: Path, photo: Pixels) -> None:
        (tmp_path / "sub").write_text("")
        with pytest.raises(ImageError, match=r"^cannot be written \("):
            save(Picture(photo), tmp_path / "sub" / "a.png")

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (errno.ENOSPC, StorageError),
            (errno.EDQUOT, StorageError),
            (errno.EROFS, StorageError),
            (errno.EACCES, ImageError),
            (errno.EIO, ImageError),
        ],
    )
    @pytest.mark.parametrize("step", ["fsync", "rename", "folder"])
    def test_full_or_read_only_disk(
        self,
        tmp_path: Path,
        photo: Pixels,
        monkeypatch: pytest.MonkeyPatch,
        code: int,
        kind: type[ImageError],
        step: str,
    ) -> None:
        owner, name = {
            "fsync": (os, "fsync"),
            "rename": (Path, "replace"),
            "folder": (Path, "mkdir"),
        }[step]
        monkeypatch.setattr(owner, name, fails(code))
        with pytest.raises(ImageError) as error:
            save(Picture(photo), tmp_path / "a.png")
        assert type(error.value) is kind
        assert str(error.value) == f"cannot be written ({os.strerror(code)})"
        assert not list(tmp_path.iterdir())

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
    @pytest.mark.parametrize("format", sorted(FORMATS))
    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_really_full_disk(
        self,
        tmp_path: Path,
        format: str,
        kind: str,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        path = tmp_path / f"a.{format}"
        save(KINDS[kind], path)
        old = path.read_bytes()

        def create(folder: Path) -> tuple[Path, int]:
            (folder / "part").symlink_to("/dev/full")
            return folder / "part", os.open("/dev/full", os.O_RDWR)

        monkeypatch.setattr(partfile, "_create", create)
        with pytest.raises(StorageError, match="No space left on device"):
            save(KINDS[kind], path)
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {path.name: old}
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("format", sorted(FORMATS))
    @pytest.mark.parametrize("kind", sorted(KINDS))
    @pytest.mark.parametrize("missing", [1, 100])
    def test_no_room_for_the_last_bytes(
        self, tmp_path: Path, format: str, kind: str, missing: int
    ) -> None:
        """The system then takes a part of what is written, which is no error by itself."""
        path = tmp_path / f"a.{format}"
        save(KINDS[kind], path)
        old, (soft, hard) = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) - missing, hard))
        try:
            with pytest.raises(ImageError, match=r"cannot be written \(File too large\)"):
                save(KINDS[kind], path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {path.name: old}
