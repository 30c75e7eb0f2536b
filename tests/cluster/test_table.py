from pathlib import Path
from typing import Any

import pytest

from jcarsr.cluster.table import RowReader, Table, bytes_of, table_rows
from jcarsr.errors import ImageError, JCARSRError


@pytest.mark.parametrize(
    "cell",
    [b"x", bytearray(b"x"), {"bytes": b"x", "path": "a.jpg"}],
    ids=["plain", "buffer", "field"],
)
def test_bytes_stand_in_a_cell_or_in_its_field(cell: Any) -> None:
    assert bytes_of(cell) == b"x"


@pytest.mark.parametrize("cell", [None, "text", 7, {"path": "a.jpg"}, {"bytes": None}])
def test_cell_without_bytes_is_refused(cell: Any) -> None:
    with pytest.raises(ImageError, match="its row has no bytes of a picture"):
        bytes_of(cell)


def test_rows_are_found_in_files_and_groups(tmp_path: Path) -> None:
    pyarrow: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    for file in range(2):
        keys = [10 * file + number for number in range(7)]
        table = pyarrow.table({"id": keys, "image": [str(key).encode() for key in keys]})
        parquet.write_table(table, tmp_path / f"{file}.parquet", row_group_size=3)
    table = Table(str(tmp_path), "id", "image")
    rows = dict(table_rows(table))
    assert len(rows) == 14
    assert {row.group for row in rows.values()} == {0, 1, 2}
    reader = RowReader(table)
    for key in (*rows, *reversed(rows)):
        assert reader.read(rows[key]) == key.encode()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["a", None, "b"], ["a", None, "b"]),
        ([3, None, 5], ["3", None, "5"]),
        ([b"a", b"\xff", b"\xc3\xa4"], ["a", None, "ä"]),
    ],
)
def test_keys_are_texts_or_missing(
    keys: list[Any], expected: list[str | None], tmp_path: Path
) -> None:
    pyarrow: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"id": keys, "image": [b"x"] * len(keys)})
    parquet.write_table(table, tmp_path / "a.parquet")
    rows = list(table_rows(Table(str(tmp_path / "a.parquet"), "id", "image")))
    assert [key for key, _ in rows] == expected
    assert str(rows[1][1]).endswith("a.parquet, row 1 of group 0")


def test_table_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    pyarrow: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"id": [1]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"no table")
    for place, key, message in (
        ("a.parquet", "name", "has no column name, only id"),
        ("b.parquet", "id", "cannot be read"),
        ("c.parquet", "id", "cannot be read"),
    ):
        table = Table(str(tmp_path / place), key, "id")
        with pytest.raises(JCARSRError, match=message) as error:
            list(table_rows(table))
        assert str(error.value).startswith(str(tmp_path / place))
        assert "\n" not in str(error.value)
