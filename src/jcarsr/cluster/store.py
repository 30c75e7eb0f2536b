"""Where pictures and results lie: a folder, or an object store through fsspec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jcarsr.errors import ImageError, StorageError, one_line
from jcarsr.image.decode import read_bytes
from jcarsr.image.encode import save_bytes
from jcarsr.partfile import remove_dead_parts
from jcarsr.restoring.place import place_of

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(place: str) -> bool:
    """Return whether a place is one of fsspec's, such as s3://bucket/folder."""
    return _URL.match(place) is not None


def check_places(source: str, out: str) -> None:
    """See whether results would lie among the pictures and be restored the next time.

    Raises:
        ValueError: they would, or `source` is a file.
    """
    folder, folder_out = folder_of(source), folder_of(out)
    if folder is not None and folder.is_file():
        raise ValueError(f"{source}: a file: name its folder, or --key for Parquet")
    if folder is None or folder_out is None:
        same = f"{out.rstrip('/')}/".startswith(f"{source.rstrip('/')}/")
    else:
        same = place_of(folder) == place_of(folder_out)
    if same:
        raise ValueError(f"--out {out}: results would lie among the pictures of {source}")


def folder_of(place: str) -> Path | None:
    """Return the folder that a place of this computer is, also as file:///folder; else None."""
    if is_url(place) and place.partition("://")[0] not in ("file", "local"):
        return None
    store = open_store(place)
    return store.root if isinstance(store, FolderStore) else None


class Store(Protocol):
    """A tree of files that are read and written whole; a file that is there is complete."""

    def check(self) -> None:
        """See whether there can be files.

        Raises:
            StorageError: the bucket is not there, which is never made.
        """
        ...

    def read(self, key: str) -> bytes:
        """Return a file's bytes.

        Args:
            key: its path in the tree, with slashes.

        Raises:
            ImageError: it cannot be read; the message does not name it.
        """
        ...

    def find(self, key: str) -> bytes | None:
        """Return a file's bytes, None if there is no such file.

        Raises:
            ImageError: as `read`.
        """
        ...

    def write(self, key: str, data: bytes) -> None:
        """Write a file, in place of one that is there.

        Raises:
            ImageError: it cannot be written.
        """
        ...

    def list(self) -> Mapping[str, int]:
        """Return the sizes in bytes of all files, by their keys, in the order of these.

        Raises:
            StorageError: the tree cannot be read.
        """
        ...


def open_store(place: str) -> Store:
    """Return the store of a folder's path or a URL, such as s3://bucket/pictures.

    Raises:
        StorageError: there is no such kind of store, or the library for it is missing.
    """
    if not is_url(place):
        return FolderStore(Path(place).absolute())
    store = ObjectStore(place)
    return FolderStore(Path(store.path)) if store.is_local else store


@dataclass(frozen=True)
class FolderStore:
    """A folder, which every worker sees under the same path."""

    root: Path

    def check(self) -> None:
        """See `Store`; a folder is made when needed. What killed runs left half is removed."""
        remove_dead_parts(self.root, lambda inner: True)

    def read(self, key: str) -> bytes:
        """See `Store`."""
        return read_bytes(self.root / key)

    def find(self, key: str) -> bytes | None:
        """See `Store`."""
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ImageError(f"{self.root / key}: cannot be read ({error.strerror})") from error

    def write(self, key: str, data: bytes) -> None:
        """See `Store`."""
        save_bytes(data, self.root / key)

    def list(self) -> Mapping[str, int]:
        """See `Store`."""
        try:
            files = sorted(path for path in self.root.rglob("*") if path.is_file())
            return {path.relative_to(self.root).as_posix(): path.stat().st_size for path in files}
        except OSError as error:
            raise StorageError(f"{self.root}: cannot be read ({error.strerror})") from error


@dataclass(frozen=True)
class ObjectStore:
    """What is below a URL of fsspec's: s3://, gs://, az://, and others that are installed.

    Credentials and endpoints are those of the environment and of fsspec's own settings.

    Raises:
        StorageError: there is no such kind of store, or the library for it is missing.
    """

    url: str

    def __post_init__(self) -> None:
        self._system()

    @property
    def path(self) -> str:
        """The root without the protocol."""
        return self._system()[1]

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this computer."""
        return "local" in self._system()[0].protocol

    def check(self) -> None:
        """See `Store`."""
        system, root = self._system()
        top = root.partition("/")[0]  # nothing if the root begins with a slash
        try:
            if top and not system.exists(top):
                system.ls(top)  # which says why
        except FileNotFoundError as error:
            raise StorageError(f"{self.url}: there is no {top}") from error
        except PermissionError:  # to look, which is not needed to write
            return
        except Exception as error:
            raise StorageError(f"{self.url}: cannot be reached ({one_line(error)})") from error

    def read(self, key: str) -> bytes:
        """See `Store`."""
        found = self.find(key)
        if found is None:
            raise ImageError("no such file")
        return found

    def find(self, key: str) -> bytes | None:
        """See `Store`."""
        system, root = self._system()
        try:
            return system.cat_file(f"{root}/{key}")
        except FileNotFoundError:
            return None
        except Exception as error:  # each store raises its own
            raise ImageError(f"cannot be read ({one_line(error)})") from error

    def write(self, key: str, data: bytes) -> None:
        """See `Store`."""
        system, root = self._system()
        path = f"{root}/{key}"
        try:
            try:
                system.pipe_file(path, data)
            except FileNotFoundError:  # of stores that have folders
                self.check()
                system.makedirs(path.rpartition("/")[0], exist_ok=True)
                system.pipe_file(path, data)
        except Exception as error:
            raise ImageError(f"{key}: cannot be written ({one_line(error)})") from error

    def list(self) -> Mapping[str, int]:
        """See `Store`."""
        system, root = self._system()
        try:
            found: Mapping[str, Any] = system.find(root, detail=True)
        except Exception as error:
            raise StorageError(f"{self.url}: cannot be read ({one_line(error)})") from error
        # s3fs names a folder that comes into being while it looks as the only thing in it
        files = {path: about for path, about in found.items() if about.get("type") != "directory"}
        sizes = {path.removeprefix(root).lstrip("/"): about for path, about in files.items()}
        return {key: int(about.get("size") or 0) for key, about in sorted(sizes.items())}

    def _system(self) -> tuple[Any, str]:
        """The file system, which fsspec keeps, and the root's path in it."""
        import fsspec  # pyright: ignore[reportMissingTypeStubs]

        try:
            core: Any = fsspec.core  # pyright: ignore[reportAttributeAccessIssue]
            system, root = core.url_to_fs(self.url)
        except Exception as error:  # an unknown protocol, a library that is missing, wrong options
            raise StorageError(f"{self.url}: cannot be opened ({one_line(error)})") from error
        system.invalidate_cache()  # others write there, too
        return system, root.rstrip("/")
