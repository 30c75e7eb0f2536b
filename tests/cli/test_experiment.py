from pathlib import Path

import pytest
from support.rows import make_row
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.cli.experiment_run import make_conditions
from jcarsr.evaluation.markers import BEGIN, END
from jcarsr.evaluation.rows import write_rows
from jcarsr.experiments.agenda import make_agenda
from jcarsr.experiments.catalog import PLANS
from jcarsr.experiments.jobs import Budget

_TABLE = ["table2", "--data", str(Path(__file__).parent), "--sets", ".", "--out", "x"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["table9"], "table9: no such experiment, there are noise, table1, table2"),
        (["table5", "--only", "w/o X"], "'w/o X': not a line of table5: w/o MSNAFB"),
        (["table5", "--scale", "4"], "--scale 4: table5 has 2"),
        (["table5", "--steps", "0"], "--steps 0: at least 1"),
        (["table5", "--steps", "9", "--minutes-per-model", "1"], "give one of them"),
        (["table5"], "--data: is needed"),
        (["table5", "--out", __file__], "is not a folder"),
        (["fig6", "--out", __file__], "is not a folder"),
        ([*_TABLE, "--picture", "a"], "--picture: of figures alone"),
        ([*_TABLE, "--into", "a.md"], "--into: with --rows alone"),
        ([*_TABLE, "--checkpoint-minutes", "inf"], "--checkpoint-minutes inf: must be finite"),
        (["all", "--rows", "x", "--check"], "--check: needs --into"),
        (["all", "--check"], "--data: is needed"),
        (
            ["all", "--rows", "x", "--out", "y"],
            "--out: not with --rows, which takes --check, --into, --only, --rows, --scale",
        ),
        (["all", "--rows", "x", "--show"], "--show: not with --rows"),
        (["all", "--rows", "x", "--known", "y"], "--known: not with --rows"),
        (["all", "--rows", "x", "--seeds", "2"], "--seeds: not with --rows"),
        (["all", "--rows", "x", "--picture", "y"], "--picture: not with --rows"),
        (["all", "--rows", "x", "--no-compile"], "--compile: not with --rows"),
        (["--rows", "x", "--check"], "--rows: of which experiment? Give its name first"),
        (["fig6"], "--out: is needed"),
        (["fig9", "--out", "x"], "fig9: --pictures is needed"),
        (["fig7", "--out", "x"], "fig7: --data and --sets are needed"),
        (["fig7", "--seeds", "2"], "--seeds: not of fig7, which takes --out, --given"),
        (["fig7", "--pictures", "x"], "--pictures: not of fig7"),
        (["fig6", "--picture", "baby"], "--picture: not of fig6"),
        (["fig6", "--only", "EDSR"], "--only: not of fig6"),
        (["fig8", "--scale", "4"], "--scale: not of fig8"),
        (["fig9", "--steps", "9"], "--steps: not of fig9, which takes --out, --given, --device"),
        (["fig9", "--known", "x"], "--known: not of fig9"),
        (["fig10", "--rows", "x"], "--rows: not of fig10"),
        (["fig10", "--into", "x"], "--into: not of fig10"),
        (["fig10", "--check"], "--check: not of fig10"),
        (["fig10", "--show"], "--show: not of fig10"),
        (["fig10", "--no-compile"], "--compile: not of fig10"),
        (["fig10", "--log-every", "9"], "--log-every: not of fig10"),
        (["fig10", "--checkpoint-minutes", "9"], "--checkpoint-minutes: not of fig10"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["experiment", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def invoke(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["experiment", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def sets(tmp_path: Path, small_pictures: Path) -> Path:
    folder = tmp_path / "sets" / "Set5"
    folder.mkdir(parents=True)
    for index in range(5):
        (folder / f"{index}.png").write_bytes((small_pictures / f"{index:02d}.png").read_bytes())
    return folder.parent


def test_wrong_values_start_no_training(small_pictures: Path, sets: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    common = ("--data", small_pictures, "--sets", sets, "--out", out)
    code, _, error = invoke("table5", *common, "--steps", 150)
    assert (code, "200 steps are enough" in error) == (2, True)
    code, _, error = invoke("table1", *common, "--only", "JCARSR w/o global skip")
    assert (code, "table1: none of these lines is of the size lite" in error) == (2, True)
    code, _, error = invoke("table5", *common, "--seeds", 0)
    assert (code, "--seeds 0" in error) == (2, True)
    code, _, error = invoke("table2", *common, "--given", "arcnn=a", "--given", "arcnn=b")
    assert (code, "--given arcnn=b: arcnn is given twice" in error) == (2, True)
    code, _, error = invoke("table2", *common, "--given", "edsr-lite-x2=not-there.pth")
    assert (code, "--given edsr-lite-x2: not of this experiment" in error) == (2, True)
    assert not out.exists()


def test_show_lists_jobs_and_starts_nothing(
    small_pictures: Path, sets: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    common = ("--data", small_pictures, "--sets", sets, "--out", out)
    code, text, _ = invoke("table5", *common, "--minutes-per-model", 20, "--seeds", 2, "--show")
    assert code == 0
    lines = text.splitlines()
    assert sum(line.startswith("train ") for line in lines) == 12
    assert sum(line.startswith("score ") for line in lines) == 12
    assert any(line.startswith("missing Manga109: no such folder") for line in lines)
    assert lines[-1] == "training left: 4 h 0 min"
    assert not out.exists()


def test_without_a_name_everything_is_listed() -> None:
    code, text, _ = invoke()
    assert code == 0
    assert [line.split(":")[0] for line in text.splitlines()] == [
        "noise",
        *(f"table{number}" for number in range(1, 9)),
        *(f"fig{number}" for number in range(6, 11)),
    ]


def test_page_is_made_and_checked(tmp_path: Path) -> None:
    page, rows = tmp_path / "page.md", tmp_path / "rows"
    rows.mkdir()
    (rows / "rows.jsonl").touch()
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    assert invoke("all", "--rows", rows, "--into", page)[0] == 0
    text = page.read_text()
    assert text.startswith("before\n<!--")
    assert text.endswith("-->\nafter\n")
    assert "| Table 5: Without MSNAFB, MA, MSCCB | no | everything |" in text
    assert invoke("all", "--rows", rows, "--into", page, "--check")[0] == 0
    page.write_text(text.replace("everything", "nothing", 1))
    result = CliRunner().invoke(
        app, ["experiment", "all", "--rows", str(rows), "--into", str(page), "--check"]
    )
    assert "is out of date" in str(result.exception)


def test_one_line_alone_keeps_the_others_in_the_report(
    small_pictures: Path, sets: Path, tmp_path: Path
) -> None:
    """Nothing is trained: all scores are known."""
    conditions = make_conditions([small_pictures], "lite", Budget(steps=1000), "cpu", "float32")
    agenda = make_agenda([PLANS["table6"]], conditions, seeds=1, sets=[sets])
    data = {"budget": "1000 steps", "data": conditions.data.identity}
    rows = [
        make_row(job.method, 0, 27.0 + number, job=job.hash, **data)
        for number, job in enumerate(agenda.scorings)
    ]
    known, out = tmp_path / "known.jsonl", tmp_path / "out"
    write_rows(rows, known)
    common = ("--data", small_pictures, "--sets", sets, "--out", out, "--precision", "float32")
    run = ("table6", *common, "--steps", 1000, "--known", known, "--only", "ISRB")
    code, text, _ = invoke(*run)
    assert (code, text.splitlines()) == (0, [f"{out}/rows.jsonl", f"{out}/table6.md"])
    report = (out / "table6.md").read_text()
    assert "| less ISRB + GGB + CARB | | | | | -2.000 noise unknown |" in report
    assert "29.00 / 0.8000" in report
    code, text, _ = invoke(*run, "--show")
    assert (code, text.count("not needed, its scores are known")) == (0, 1)
    stored = (out / "rows.jsonl").read_text()
    code, _, _ = invoke("table6", *common, "--steps", 1000, "--only", "ISRB")  # without --known
    assert (code, (out / "rows.jsonl").read_text()) == (0, stored)
