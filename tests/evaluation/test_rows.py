from collections.abc import Callable
from pathlib import Path

import pytest

from jcarsr import DataError
from jcarsr.evaluation.rows import Row, read_rows, write_rows

MakeRow = Callable[..., Row]


def test_rows_come_back_and_are_appended(tmp_path: Path, make_row: MakeRow) -> None:
    rows = [make_row(), make_row(qf=20)]
    for row in rows:
        write_rows([row], tmp_path / "r.jsonl")
    assert read_rows([tmp_path / "r.jsonl"]) == rows


@pytest.mark.parametrize("line", ["{", "{}", "[]", '{"images": {"a": []}}'])
def test_broken_line_is_told_with_its_number(tmp_path: Path, make_row: MakeRow, line: str) -> None:
    path = tmp_path / "r.jsonl"
    write_rows([make_row()], path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match=r"r\.jsonl:2: not a result row"):
        read_rows([path])
