from collections.abc import Callable
from dataclasses import replace

from jcarsr.evaluation.rows import Row
from jcarsr.evaluation.tables import tables

MakeRow = Callable[..., Row]


def test_table_puts_the_papers_numbers_below_ours(make_row: MakeRow) -> None:
    rows = [make_row(), make_row(history="jpeg80", psnr=33.333), make_row(psnr=28.666)]
    assert tables(rows).splitlines() == [
        "| x2 | | QF 10 | QF 80 |",
        "|---|---|---|---|",
        "| Set5 | ours | 28.67 / 0.8100 | 33.33 / 0.8100 |",
        "| Set5 | JCARSR, the paper (DIV2K) | 29.13 / 0.8269 | 34.74 / 0.9233 |",
    ]


def test_last_row_counts_of_the_same_weights_alone(make_row: MakeRow) -> None:
    old, new = "a" * 64, "b" * 64
    rows = [
        *(make_row(sha256=old, psnr=psnr, history="jpeg10/444") for psnr in (27.0, 28.0)),
        make_row(sha256=new, psnr=29.0, history="jpeg10/444"),
        make_row(sha256=None, psnr=26.0, history="jpeg10/444"),
        *(make_row(sha256=hash_, set="Mine") for hash_ in (old, new)),
        make_row(sha256=old, scale=4, set="Mine"),
    ]
    x2, x4, histories = tables(rows).split("\n\n")
    assert x2.splitlines()[2:] == [
        f"| Mine | ours ({hash_[:12]}) | 28.50 / 0.8100 |" for hash_ in (old, new)
    ]
    assert x4.splitlines()[2:] == ["| Mine | ours | 28.50 / 0.8100 |"]
    assert histories.splitlines() == [
        f"| x2 | | ours ({old[:12]}) | ours ({new[:12]}) | ours |",
        "|---|---|---|---|---|",
        "| Set5 | `jpeg10/444` | 28.00 / **0.8100** | **29.00** / **0.8100** "
        "| 26.00 / **0.8100** |",
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
        make_row(history="png"),
        make_row(history="png", restorer="b", psnr=28.504, ssim=0.8),  # printed alike
    ]
    assert tables(rows).split("\n\n")[1].splitlines() == [
        "| x2 | | ours | b |",
        "|---|---|---|---|",
        "| Set5 | `jpeg20+4,4>jpeg90` | 28.50 / **0.8100** | **29.00** / 0.8000 |",
        "| Set5 | `jpeg20/444` | - | **28.50** / **0.8100** |",
        "| Set5 | `png` | **28.50** / **0.8100** | **28.50** / 0.8000 |",
    ]


def test_pictures_that_equal_their_originals_are_told(make_row: MakeRow) -> None:
    inf = float("inf")
    some = make_row(set="a", images={"x": (28.5, 0.62), "y": (inf, 1.0)}, niqe=5.0)
    every = make_row(set="b", psnr=inf, ssim=1.0, images={"x": (inf, 1.0)})
    histories = [replace(row, set="c", history="png") for row in (every, some)]
    histories[0] = replace(histories[0], restorer="first")
    assert tables([some, every, *histories]).splitlines() == [
        "| x2 | | QF 10 |",
        "|---|---|---|",
        "| a | ours | 28.50 / 0.8100 / 5.00 (1 equal) |",
        "| b | ours | equal / 1.0000 |",
        "",
        "| x2 | | first | ours |",
        "|---|---|---|---|",
        "| c | `png` | **equal** / **1.0000** | 28.50 / 0.8100 / 5.00 (1 equal) |",
        "",
        "equal: results that equal their originals; PSNR is the mean over the others.",
    ]


def test_niqe_stands_in_the_cells_of_rows_that_hold_it(make_row: MakeRow) -> None:
    rows = [make_row(niqe=9.876), make_row(restorer="b")]
    assert tables(rows).splitlines()[2:4] == [
        "| Set5 | ours | 28.50 / 0.8100 / 9.88 |",
        "| Set5 | b | 28.50 / 0.8100 |",
    ]
