"""A training source: pictures in folders and tar shards, listed once, read when needed."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from PIL import Image

from jcarsr.errors import DataError, ImageError, one_line
from jcarsr.image import SUFFIXES, decode_rgb, named_as_picture, size_of
from jcarsr.jpeg.last_save import LastSave, last_save_of
from jcarsr.pixels import Pixels


@dataclass(frozen=True)
class SourcePicture:
    """One picture: a file, or a stretch of bytes in an uncompressed tar."""

    name: str
    """Unique among the sources: path and, in a tar, the member's name."""
    path: Path
    offset: int = 0
    length: int | None = None
    """Bytes; None = to the end of the file."""
    lq: SourcePicture | None = None
    """Its degraded version, where one is given."""

    def name_in(self, source: Path) -> str:
        """The name within the folder or tar that it was listed from, with / between its parts."""
        return PurePath(self.name.removeprefix(str(source)).lstrip(":/\\")).as_posix()

    def file_size(self) -> int:
        """Bytes of the encoded picture.

        Raises:
            DataError: it has gone.
        """
        try:
            return self.path.stat().st_size if self.length is None else self.length
        except OSError as error:
            raise DataError(f"{self.name}: {one_line(error)}") from error

    def read(self) -> bytes:
        """The picture's encoded bytes."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(-1 if self.length is None else self.length)

    def pixels(self) -> Pixels:
        """The picture, (H, W, 3) uint8 RGB.

        Raises:
            DataError: it cannot be read or decoded.
        """
        try:
            return decode_rgb(io.BytesIO(self.read()))
        except (ImageError, OSError) as error:
            raise DataError(f"{self.name}: {error}") from error

    def last_save(self) -> LastSave:
        """What the picture's file says of its last save.

        Raises:
            DataError: it cannot be read, or is not a picture.
        """
        try:
            with Image.open(io.BytesIO(self.read())) as image:
                return last_save_of(image)
        except OSError as error:
            raise DataError(f"{self.name}: {error}") from error

    def size(self) -> tuple[int, int]:
        """(height, width) from the header.

        Raises:
            DataError: it cannot be read, or is not a picture.
        """
        try:
            return size_of(io.BytesIO(self.read()))
        except (ImageError, OSError) as error:
            raise DataError(f"{self.name}: {error}") from error


def list_pictures(paths: Sequence[Path]) -> list[SourcePicture]:
    """Every picture of `paths` (folders, searched to the bottom, tar files, pictures), in order.

    Raises:
        DataError: a path is missing, cannot be read, is neither folder, tar nor picture, or holds
            no picture.
    """
    entries: list[SourcePicture] = []
    for path in paths:
        found = list(_entries_in(path))
        if not found:
            raise DataError(f"{path}: no pictures ({', '.join(sorted(SUFFIXES))})")
        entries += found
    return entries


def _entries_in(path: Path) -> Iterable[SourcePicture]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if named_as_picture(file) and file.is_file():
                yield SourcePicture(str(file), file)
    elif not path.exists():
        raise DataError(f"{path}: no such file or folder")
    elif named_as_picture(path):
        yield SourcePicture(str(path), path)
    else:
        yield from _entries_in_tar(path)


def _entries_in_tar(path: Path) -> Iterable[SourcePicture]:
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.isfile() and named_as_picture(PurePath(member.name)):
                    yield SourcePicture(
                        f"{path}:{member.name}", path, member.offset_data, member.size
                    )
    except tarfile.TarError as error:
        raise DataError(f"{path}: neither a folder nor an uncompressed tar ({error})") from error
    except (OSError, ValueError) as error:  # ValueError: of numbers in a damaged header
        raise DataError(f"{path}: cannot be read ({one_line(error)})") from error
