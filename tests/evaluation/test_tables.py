from collections.abc import Callable
from pathlib import Path

import pytest

from jcarsr import DataError
from jcarsr.evaluation.rows import Row
from jcarsr.evaluation.tables import BEGIN, END, replace_between_markers, tables

MakeRow = Callable[..., Row]


def test_table_puts_the_papers_numbers_below_ours(make_row: MakeRow) -> None:
    rows = [make_row(), make_row(history="jpeg80", psnr=33.333), make_row(psnr=28.666)]
    assert tables(rows).splitlines() == [
        "| x2 | | QF 10 | QF 80 |",
        "|---|---|---|---|",
        "| Set5 | ours | 28.67 / 0.8100 | 33.33 / 0.8100 |",
        "| Set5 | JCARSR, the paper (DIV2K) | 29.13 / 0.8269 | 34.74 / 0.9233 |",
    ]


def test_unknown_sets_and_gaps(make_row: MakeRow) -> None:
    rows = [make_row(set="Mine"), make_row(set="Mine", restorer="b", history="jpeg5", scale=2)]
    assert tables(rows).splitlines()[2:] == [
        "| Mine | ours | - | 28.50 / 0.8100 |",
        "| Mine | b | 28.50 / 0.8100 | - |",
    ]


def test_histories_stand_in_lines_with_the_best_restorer_in_bold(make_row: MakeRow) -> None:
    twice = "jpeg20+4,4>jpeg90"
    rows = [
        make_row(),
        make_row(history=twice),
        make_row(history=twice, restorer="b", psnr=29.0, ssim=0.8),
        make_row(history="jpeg20/444", restorer="b"),
    ]
    assert tables(rows).split("\n\n")[1].splitlines() == [
        "| x2 | | ours | b |",
        "|---|---|---|---|",
        "| Set5 | `jpeg20+4,4>jpeg90` | 28.50 / 0.8100 | **29.00 / 0.8000** |",
        "| Set5 | `jpeg20/444` | - | **28.50 / 0.8100** |",
    ]


def test_niqe_stands_in_the_cells_of_rows_that_hold_it(make_row: MakeRow) -> None:
    rows = [make_row(niqe=9.876), make_row(restorer="b")]
    assert tables(rows).splitlines()[2:4] == [
        "| Set5 | ours | 28.50 / 0.8100 / 9.88 |",
        "| Set5 | b | 28.50 / 0.8100 |",
    ]


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
