"""Pictures in the rows of Parquet files, each found by its file, row group and row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from jcarsr.errors import ImageError, JCARSRError, one_line


@dataclass(frozen=True)
class Table:
    """Parquet files with a column of keys and one of the bytes of pictures."""

    place: str
    """A file, a folder or a URL."""
    key: str
    column: str


@dataclass(frozen=True)
class RowPlace:
    """Where a row lies."""

    file: str
    group: int
    """Of rows, in the file."""
    index: int
    """In the group."""

    def __str__(self) -> str:
        return f"{self.file}, row {self.index} of group {self.group}"


def table_rows(table: Table) -> Iterator[tuple[str | None, RowPlace]]:
    """Give every row's key, None if it has no text or number there, and place, in their order.

    Raises:
        JCARSRError: the table cannot be read, or has no such column.
    """
    try:
        dataset = _open(table.place)
        for name in (table.key, table.column):
            if name not in dataset.schema.names:
                raise JCARSRError(
                    f"{table.place}: has no column {name}, only {', '.join(dataset.schema.names)}"
                )
        for file in dataset.get_fragments():
            for group in file.split_by_row_group():
                (number,) = (found.id for found in group.row_groups)
                keys = group.to_table(columns=[table.key]).column(0).to_pylist()
                for index, key in enumerate(keys):
                    yield _as_text(key), RowPlace(file.path, number, index)
    except (OSError, ValueError) as error:  # Arrow's own are of these
        raise JCARSRError(f"{table.place}: cannot be read ({one_line(error)})") from error


class RowReader:
    """Reads rows, of which those that lie together are read together.

    Args:
        table: has them.
    """

    def __init__(self, table: Table) -> None:
        self._column = table.column
        self._files = {file.path: file for file in _open(table.place).get_fragments()}
        self._held: tuple[str, int] | None = None
        self._cells: Any = None

    def read(self, row: RowPlace) -> bytes:
        """Return the bytes of a row's picture.

        Raises:
            ImageError: it has none, or cannot be read.
        """
        if self._held != (row.file, row.group):
            self._held = None
            try:
                group = self._files[row.file].subset(row_group_ids=[row.group])
                self._cells = group.to_table(columns=[self._column]).column(0)
            except (KeyError, OSError, ValueError) as error:
                raise ImageError(f"its row cannot be read ({one_line(error)})") from error
            self._held = row.file, row.group
        return bytes_of(self._cells[row.index].as_py())


def bytes_of(value: Any) -> bytes:
    """Return the bytes of a table's cell: bytes, or a structure with a field `bytes`.

    Raises:
        ImageError: it has none.
    """
    inner: Any = value
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, Any]", value).get("bytes")
    try:
        return bytes(memoryview(inner))
    except TypeError as error:
        raise ImageError("its row has no bytes of a picture") from error


def _as_text(key: Any) -> str | None:
    if isinstance(key, bytes):
        try:
            return key.decode()
        except UnicodeDecodeError:
            return None
    return None if key is None else str(key)


def _open(place: str) -> Any:
    return import_module("pyarrow.dataset").dataset(place, format="parquet")
