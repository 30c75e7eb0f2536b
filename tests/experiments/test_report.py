from collections.abc import Callable
from dataclasses import replace

from jcarsr.evaluation.rows import Row
from jcarsr.experiments.catalog import PLANS
from jcarsr.experiments.report import report, whole_report
from jcarsr.experiments.results import group

MakeRow = Callable[..., Row]
PLAN = PLANS["table5"].only(("w/o MA", "JCARSR"))
CELL = (2, 10, "Set5")


def lines(text: str) -> dict[str, list[str]]:
    """First two cells of a line of a table -> its other cells."""
    found: dict[str, list[str]] = {}
    label = ""
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            label = cells[0] or label
            found[f"{label}: {cells[1]}"] = cells[2:]
    return found


def test_ours_stands_next_to_the_papers(make_row: MakeRow) -> None:
    rows = [
        *(make_row("jcarsr-lite-x2", seed, psnr) for seed, psnr in enumerate((28.0, 28.02))),
        *(make_row("jcarsr-lite-no-ma-x2", seed, p) for seed, p in enumerate((27.5, 27.53))),
    ]
    (results,) = group(rows)
    text = report(PLAN, results, missing_sets={"Manga109": "no such folder"})
    found = lines(text)
    assert found["w/o MA: "][:5] == ["477,297", "3,000", "30.0", "2", "27.52 ± 0.015 / 0.8000"]
    # differences 0.50 and 0.49: s = 0.00707 with one degree of freedom, limit 12.706 * s / sqrt(2)
    assert found["w/o MA: less JCARSR"][4] == "-0.495 resolved"
    assert found["w/o MA: the paper"][4:6] == ["29.01 / 0.8237", "26.85 / 0.7124"]
    assert found["w/o MA: the paper's difference"][4] == "-0.12"
    assert found["JCARSR: the paper"][4] == "29.13 / 0.8269"
    assert found["JCARSR: "][5] == "- (1)"
    assert "(1) Set14: was not at hand (no licence stated, used for research)" in text
    assert "Manga109: no such folder" in text
    assert "Set5 x2 QF 10 0.007 dB (1 degree of freedom)" in text
    assert "confirm" not in whole_report(PLAN, results, text)


def test_one_seed_resolves_nothing_without_a_measured_noise(make_row: MakeRow) -> None:
    rows = [make_row("jcarsr-lite-x2", 0, 28.0), make_row("jcarsr-lite-no-ma-x2", 0, 20.0)]
    (results,) = group(rows)
    text = report(PLAN, results)
    assert lines(text)["w/o MA: less JCARSR"][4] == "-8.000 noise unknown"
    assert "noise of seeds has not been measured" in text


def test_noise_of_another_table_counts_and_failures_are_footnotes(make_row: MakeRow) -> None:
    rows = [make_row("jcarsr-lite-x2", seed, 28 + seed / 100) for seed in range(3)]
    rows.append(make_row("jcarsr-lite-no-ma-x2", 0, 27.0))
    (results,) = group(rows)
    assert lines(report(PLAN, results))["w/o MA: less JCARSR"][4] == "-1.000 resolved (1 seed)"
    (alone,) = group(rows[:3])
    text = report(PLAN, alone, failures={("jcarsr-lite-no-ma-x2", CELL): "loss became nan"})
    found = lines(text)["w/o MA: "]
    assert "(1) jcarsr-lite-no-ma-x2: loss became nan" in text
    assert found[4] == "- (1)"
    assert found[5] != "- (1)"  # of another set


def test_rows_of_another_budget_stand_in_another_table(make_row: MakeRow) -> None:
    rows = [
        make_row("jcarsr-lite-x2", 0, 28.0),
        make_row("jcarsr-lite-x2", 0, 29.0, budget="9 steps"),
        make_row("jcarsr-lite-x2", 0, 28.5),
    ]
    first, second = group(rows)
    assert first.psnr("jcarsr-lite-x2", CELL) == {0: 28.5}  # of the same job the last one counts
    assert second.psnr("jcarsr-lite-x2", CELL) == {0: 29.0}


def test_computers_are_named_where_minutes_are_equal(make_row: MakeRow) -> None:
    rows = [
        make_row(name, 0, 28.0, budget="20 minutes", device=device)
        for name, device in [("jcarsr-lite-x2", "A, 1 thread"), ("jcarsr-lite-no-ma-x2", "B")]
    ]
    (results,) = group(rows)
    assert "different computers. Here: A, 1 thread; B." in report(PLAN, results)
    (results,) = group(rows[:1])
    assert "Minutes of A, 1 thread.\n" in report(PLAN, results)
    unnamed = make_row("jcarsr-lite-no-ma-x2", 0, 28.0, budget="20 minutes", device="CPU")
    (results,) = group([rows[0], unnamed])
    assert "Minutes of A, 1 thread. Some records name no computer." in report(PLAN, results)
    (results,) = group([make_row("jcarsr-lite-x2", 0, 28.0)])
    assert "CPU" not in report(PLAN, results)


def test_given_weights_stand_in_the_line_of_the_training_and_are_named(make_row: MakeRow) -> None:
    plan = PLANS["table2"].only(("ARCNN + SwinIR", "JCARSR"))
    method = "arcnn,given=0123456789ab + swinir-lite-x2,clean"
    (results,) = group([make_row(method, 0, 26.0), make_row("jcarsr-lite-x2", 0, 27.0)])
    found = lines(report(plan, results))
    assert found["ARCNN + SwinIR (weights given): "][4] == "26.00 / 0.8000"


def test_given_weights_and_a_training_in_one_folder_are_told_apart(make_row: MakeRow) -> None:
    plan = replace(PLANS["table2"].only(("ARCNN + SwinIR", "JCARSR")), scales=(2,))
    trained = "arcnn + swinir-lite-x2,clean"
    given = {mark: f"arcnn,given={mark} + swinir-lite-x2,clean" for mark in ("00000a", "00000b")}
    rows = [
        make_row(given["00000a"], 0, 26.0),
        make_row(trained, 0, 25.0),
        make_row(given["00000b"], 0, 24.0),
    ]
    for methods, label, score in [
        ((), "ARCNN + SwinIR", "25.00"),
        ([trained], "ARCNN + SwinIR", "25.00"),
        ([given["00000a"]], "ARCNN + SwinIR (weights given)", "26.00"),
        ([given["00000b"]], "ARCNN + SwinIR (weights given)", "24.00"),
    ]:
        (results,) = group(rows, methods)
        assert lines(report(plan, results))[f"{label}: "][4] == f"{score} / 0.8000"
    (results,) = group([rows[0], rows[2]])
    assert "24.00" in report(plan, results)


def test_the_same_pictures_from_a_folder_of_another_name_stand_in_one_table(
    make_row: MakeRow,
) -> None:
    rows = [
        make_row("jcarsr-lite-x2", 0, 28.0, data="DIV2K (800 pictures, 0123456789ab)"),
        make_row("jcarsr-lite-no-ma-x2", 0, 27.0, data="train (800 pictures, 0123456789ab)"),
        make_row("jcarsr-lite-no-ma-x2", 0, 26.0, data="DIV2K (700 pictures, ab0123456789)"),
    ]
    assert [len(results.scores) for results in group(rows)] == [2, 1]


def test_minutes_are_the_mean_of_the_seeds(make_row: MakeRow) -> None:
    rows = [make_row("jcarsr-lite-x2", seed, 28.0, minutes=20.0 + 3 * seed) for seed in range(2)]
    rows.append(make_row("jcarsr-lite-x2", 1, 28.0, set="Set14", minutes=23.0))
    (results,) = group(rows)
    assert lines(report(PLAN, results))["JCARSR: "][:4] == ["477,297", "3,000", "21.5", "2"]


def test_scales_and_qualities_of_which_nothing_was_run_are_one_line(make_row: MakeRow) -> None:
    plan = PLANS["table1"].only(("EDSR", "JCARSR"))
    rows = [make_row("jcarsr-lite-x2", 0, 28.0), make_row("edsr-lite-x2", 0, 27.0)]
    (results,) = group(rows)
    text = report(plan, results)
    assert "| x2, QF 10 |" in text
    assert "x4, QF 10" not in text
    assert "\nNot run: x4 at QF 10.\n" in text
    failed = report(plan, results, failures={("edsr-lite-x4", (4, 10, "Set5")): "no memory"})
    assert "| x4, QF 10 |" in failed
    assert "edsr-lite-x4: no memory" in failed
    assert "Not run" not in failed
