from collections.abc import Callable
from pathlib import Path

import pytest

from jcarsr.errors import DataError
from jcarsr.evaluation.markers import check_between_markers
from jcarsr.evaluation.rows import Row, read_rows, write_rows
from jcarsr.experiments.catalog import PLANS
from jcarsr.experiments.page import page
from jcarsr.experiments.store import read_folders

ROOT = Path(__file__).parents[2]
MakeRow = Callable[..., Row]


def test_document_is_made_from_the_stored_rows() -> None:
    rows = read_folders([ROOT / "results" / "experiments"])
    check_between_markers(ROOT / "docs" / "experiments.md", page(list(PLANS.values()), rows))


def test_page_says_what_was_measured_and_what_not(make_row: MakeRow) -> None:
    rows = [make_row("jcarsr-lite-x2", seed, 28.0) for seed in range(3)]
    rows += [make_row("jcarsr-lite-no-ma-x2", 0, 27.9)]
    rows += [make_row("jcarsr-lite-x2", 0, 27.9, set="Set14")]
    text = page(list(PLANS.values()), rows)
    lines = {line.split("|")[1].strip(): line for line in text.splitlines() if "|" in line}
    assert lines["Table 5: Without MSNAFB, MA, MSCCB"] == (
        "| Table 5: Without MSNAFB, MA, MSCCB "
        "| lite, 3000 steps each, seeds: 1 to 3, x2, Set5, Set14 "
        "| Urban100, B100, Manga109, w/o MSNAFB, w/o MSNAFB, equal size, w/o MSCCB, "
        "w/o MSCCB, equal size, 1 of the other 4 scores |"
    )
    assert lines["Table 4: Quality factors"].endswith("| no | everything |")
    assert "### Table 5" in text
    for number in (1, 4):  # of Table 1 there is JCARSR alone, which compares nothing
        assert f"### Table {number}" not in text
    assert lines["Table 1: Networks that enlarge"].endswith("| no | everything |")
    assert "### Seed noise" in text
    assert "confirm" not in text


def test_a_folder_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.jsonl file in this folder"):
        read_folders([tmp_path])


def test_rows_go_to_a_file_and_back_with_their_trial(make_row: MakeRow, tmp_path: Path) -> None:
    rows = [make_row("jcarsr-lite-x2", seed, 28.0) for seed in range(2)]
    write_rows(rows, tmp_path / "rows.jsonl")
    assert read_folders([tmp_path]) == read_rows([tmp_path / "rows.jsonl"]) == rows
