import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from jcarsr import DataError
from jcarsr.evaluation.rows import Row, read_rows, write_rows

MakeRow = Callable[..., Row]


def test_rows_come_back_and_are_appended(tmp_path: Path, make_row: MakeRow) -> None:
    rows = [make_row(), make_row(history="jpeg20+4,4>jpeg90")]
    for row in rows:
        write_rows([row], tmp_path / "r.jsonl")
    assert read_rows([tmp_path / "r.jsonl"]) == rows


def test_results_that_equal_their_originals_are_json_and_come_back(
    tmp_path: Path, make_row: MakeRow
) -> None:
    def refuse(constant: str) -> float:
        raise ValueError(f"{constant} is no JSON")

    path, inf = tmp_path / "r.jsonl", float("inf")
    rows = [
        make_row(images={"a": (inf, 1.0), "b": (28.5, 0.62)}),
        make_row(psnr=inf, ssim=1.0, images={"a": (inf, 1.0)}),
    ]
    write_rows(rows, path)
    lines = path.read_text().splitlines()
    stored = [json.loads(line, parse_constant=refuse) for line in lines]
    assert stored[0]["images"] == {"a": [None, 1.0], "b": [28.5, 0.62]}
    assert stored[1]["psnr"] is None
    assert read_rows([path]) == rows
    assert [row.equal for row in rows] == [1, 1]
    path.write_text("\n".join(line.replace("null", "Infinity") for line in lines))
    assert read_rows([path]) == rows  # as earlier versions wrote them


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "r.jsonl"):
        with pytest.raises(DataError, match="cannot be written") as caught:
            write_rows([], path)
        assert str(caught.value).startswith(f"{path}: ")
    write_rows([], tmp_path / "new" / "r.jsonl")
    assert read_rows([tmp_path / "new" / "r.jsonl"]) == []


def test_row_of_version_0_1_has_a_quality_and_a_subsampling(
    tmp_path: Path, make_row: MakeRow
) -> None:
    path = tmp_path / "r.jsonl"
    for subsampling, history in (("4:2:0", "jpeg40"), ("4:4:4", "jpeg40/444")):
        fields = {**asdict(make_row()), "qf": 40, "subsampling": subsampling}
        del fields["history"]
        path.write_text(json.dumps(fields))
        assert read_rows([path]) == [make_row(history=history)]


@pytest.mark.parametrize(
    ("history", "qf", "condition"),
    [
        ("jpeg10", 10, "Set5 x2 QF 10"),
        ("jpeg10/444", None, "Set5 x2 jpeg10/444"),
        ("jpeg20>jpeg90", None, "Set5 x2 jpeg20>jpeg90"),
    ],
)
def test_only_the_papers_degradation_has_a_quality_factor(
    make_row: MakeRow, history: str, qf: int | None, condition: str
) -> None:
    row = make_row(history=history)
    assert (row.qf, row.condition) == (qf, condition)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "{}",
        "[]",
        '"abc"',
        '{"images": {"a": []}}',
        '{"history": "png", "images": [1]}',
        pytest.param("[" * 99_999, id="deep"),
    ],
)
def test_broken_line_is_told_with_its_number(tmp_path: Path, make_row: MakeRow, line: str) -> None:
    path = tmp_path / "r.jsonl"
    write_rows([make_row()], path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match=r"r\.jsonl:2: not a result row"):
        read_rows([path])


def test_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"r\.jsonl: not a file of result rows"):
        read_rows([tmp_path / "r.jsonl"])
