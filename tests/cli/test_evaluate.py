from pathlib import Path

import pytest
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.evaluation.rows import read_rows
from jcarsr.evaluation.tables import BEGIN, END
from jcarsr.weights import read_record


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def test_rows_are_stored_and_made_into_tables(
    tmp_path: Path, picture_folder: Path, tiny_weights: Path
) -> None:
    rows_file = tmp_path / "rows.jsonl"
    arguments = ["evaluate", "--data", picture_folder, "--scale", 2, "--qf", "10,80"]
    arguments += ["--weights", "bicubic", "--weights", tiny_weights, "--json", rows_file]
    code, out, _ = run(*arguments)
    assert code == 0
    rows = read_rows([rows_file])
    assert [(row.qf, row.restorer) for row in rows] == [
        (10, "bicubic"),
        (10, "tiny"),
        (80, "bicubic"),
        (80, "tiny"),
    ]
    assert rows[0].sha256 is None
    assert rows[1].sha256 == read_record(tiny_weights).sha256
    assert len(rows[0].images) == 20
    assert f"| {rows[0].psnr:.2f} / {rows[0].ssim:.4f} |" in out

    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    assert run("tables", rows_file, "--into", page)[0] == 0
    assert run("tables", rows_file)[1].strip() in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--qf", "10,x"], "--qf 10,x"), (["--qf", "0"], "between 1 and 100")],
)
def test_wrong_usage_is_told(picture_folder: Path, arguments: list[str], message: str) -> None:
    code, _, err = run("evaluate", "--data", picture_folder, "--scale", 2, *arguments)
    assert code == 2
    assert message in err
