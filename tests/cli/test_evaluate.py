import json
from pathlib import Path

import pytest
from PIL import Image
from support.rows import make_row as stored_row
from support.weights import retrained
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.degradation.web_set import WEB_SET
from jcarsr.errors import DataError
from jcarsr.evaluation.markers import BEGIN, END
from jcarsr.evaluation.rows import read_rows, write_rows
from jcarsr.pixels import Pixels
from jcarsr.weights import read_record


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cuda:9", "device cuda:9 is not available: there is cuda:0 to cuda:1"),
        ("cuda:0,cuda:1", "device 'cuda:0,cuda:1': not one of auto, cpu, cuda, mps, cuda:NUMBER"),
        ("gpu", "device 'gpu': not one of auto, cpu, cuda, mps, cuda:NUMBER"),
    ],
)
def test_one_device_computes(
    device: str,
    message: str,
    picture_folder: Path,
    tiny_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    words = ["evaluate", "--data", picture_folder, "--scale", 2, "--weights", tiny_weights]
    assert run(*words, "--device", device) == (2, "", f"error: {message}\n")


def test_pictures_without_originals(tmp_path: Path, photo: Pixels, tiny_weights: Path) -> None:
    (tmp_path / "mine").mkdir()
    Image.fromarray(photo[:100, :60]).save(tmp_path / "mine/a.jpg", quality=30)
    words = ["evaluate", "--data", tmp_path / "mine", "--scale", 2, "--no-originals"]
    own = ["--weights", "bicubic", "--weights", tiny_weights, "--json", tmp_path / "rows.jsonl"]
    code, out, err = run(*words, *own)
    assert (code, err) == (0, "")
    assert out.startswith(
        "| x2, NIQE | pictures | bicubic | tiny |\n|---|---|---|---|\n| mine | 1 | "
    )
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["restorer"] for row in rows] == ["bicubic", "tiny"]
    for option, value in (("--qf", 10), ("--history", "web"), ("--subsampling", "4:4:4")):
        said = f"error: {option}: with --no-originals pictures are restored as they are\n"
        assert run(*words, option, value) == (2, "", said)


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
    assert "QF 10" in run("tables", rows_file, "--scale", 2, "--set", rows[0].set)[1]
    some = run("tables", rows_file, "--restorer", "bicubic", "--history", "jpeg10")[1]
    found = [name in some for name in ("bicubic", "QF 10", "tiny", "QF 80")]
    assert found == [True, True, False, False]
    assert run("tables", rows_file, "--history", "jpg")[0] == 2


def test_histories_of_the_web_and_of_ones_own(tmp_path: Path, photo: Pixels) -> None:
    (tmp_path / "one").mkdir()
    Image.fromarray(photo[:64, :80]).save(tmp_path / "one" / "a.png")
    arguments = ["evaluate", "--data", tmp_path / "one", "--scale", 2, "--weights", "bicubic"]
    rows_file = tmp_path / "rows.jsonl"
    own = "avif50+1,1>jpeg80/mozjpeg"
    code, out, _ = run(*arguments, "--history", "web", "--history", own, "--json", rows_file)
    assert code == 0
    histories = [row.history for row in read_rows([rows_file])]
    assert histories == [*map(str, WEB_SET), own]
    assert f"| one | `{own}` | **" in out
    rows_file.unlink()
    code, *_ = run(
        *arguments, "--history", own, "--qf", 50, "--subsampling", "4:4:4", "--json", rows_file
    )
    assert [row.history for row in read_rows([rows_file])] == ["jpeg50/444", own]


def test_weights_of_one_name_have_a_line_each(
    tmp_path: Path, photo: Pixels, tiny_weights: Path
) -> None:
    """As those that were trained on, and those they began as."""
    (tmp_path / "one").mkdir()
    Image.fromarray(photo[:64, :80]).save(tmp_path / "one" / "a.png")
    other = retrained(tiny_weights, tmp_path / "other.safetensors")
    words = ["evaluate", "--data", tmp_path / "one", "--scale", 2, "--qf", "10"]
    rows_file = tmp_path / "rows.jsonl"
    code, out, _ = run(*words, "--weights", tiny_weights, "--weights", other, "--json", rows_file)
    rows = read_rows([rows_file])
    assert (code, [row.restorer for row in rows]) == (0, ["tiny", "tiny"])
    for row, path in zip(rows, (tiny_weights, other), strict=True):
        assert f"| one | tiny ({path}) | {row.psnr:.2f} / {row.ssim:.4f} |" in out
    table = run("tables", rows_file)[1]
    for row in rows:
        assert row.sha256
        cell = f"{row.psnr:.2f} / {row.ssim:.4f}"
        assert f"| one | tiny ({row.sha256[:12]}) | {cell} |" in table
    _, out, _ = run(*words, "--weights", tiny_weights, "--weights", tiny_weights)
    assert "| one | tiny | " in out


def test_chains_of_weights_of_one_name_have_a_line_each(
    tmp_path: Path, photo: Pixels, tiny_weights: Path
) -> None:
    (tmp_path / "one").mkdir()
    Image.fromarray(photo[:64, :80]).save(tmp_path / "one" / "a.png")
    other = retrained(tiny_weights, tmp_path / "other.safetensors")
    chains = [f"chain:jpeg90+{path}" for path in (tiny_weights, other)]
    words = ["evaluate", "--data", tmp_path / "one", "--scale", 2, "--qf", "10"]
    rows_file = tmp_path / "rows.jsonl"
    own = [word for chain in chains for word in ("--weights", chain)]
    code, out, _ = run(*words, *own, "--json", rows_file)
    rows = read_rows([rows_file])
    assert (code, [row.restorer for row in rows]) == (0, ["jpeg90 + tiny"] * 2)
    for row, chain in zip(rows, chains, strict=True):
        assert f"| one | jpeg90 + tiny ({chain}) | {row.psnr:.2f} / {row.ssim:.4f} |" in out
    assert run("tables", rows_file)[1].count("| one | jpeg90 + tiny (") == 2


@pytest.mark.parametrize("option", ["--qf=10", "--no-originals"])
def test_folders_of_one_name_have_a_line_each(
    option: str, tmp_path: Path, photo: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, part in (("a", photo[:100, :120]), ("b", photo[50:150, :120])):
        (tmp_path / name / "HR").mkdir(parents=True)
        Image.fromarray(part).save(tmp_path / name / "HR" / "a.png")
    words = ["evaluate", "--scale", 2, option, "--weights", "bicubic"]
    both = ["--data", tmp_path / "a/HR", "--data", tmp_path / "b/HR"]
    rows_file = tmp_path / "rows.jsonl"
    code, out, _ = run(*words, *both, "--json", rows_file)
    assert (code, out.count("| a/HR | "), out.count("| b/HR | ")) == (0, 1, 1)
    sets = [json.loads(line)["set"] for line in rows_file.read_text().splitlines()]
    assert sets == ["a/HR", "b/HR"]
    monkeypatch.chdir(tmp_path / "a/HR")
    assert "\n| HR | " in run(*words, "--data", ".")[1]


@pytest.mark.parametrize("option", ["--qf=10", "--no-originals"])
def test_rows_that_cannot_be_stored_are_told_before_anything_is_scored(
    option: str, tmp_path: Path
) -> None:
    """There are no pictures, which would be told otherwise."""
    words = ["evaluate", "--data", tmp_path / "none", "--scale", 2, "--weights", "bicubic", option]
    result = CliRunner().invoke(app, list(map(str, [*words, "--json", tmp_path])))
    assert isinstance(result.exception, DataError)
    assert str(result.exception).startswith(f"{tmp_path}: cannot be written (")


def test_no_rows_leave_a_page_as_it_is(tmp_path: Path) -> None:
    page, rows_file, empty = (tmp_path / name for name in ("page.md", "r.jsonl", "empty.jsonl"))
    write_rows([stored_row("bicubic", 0, 28.5)], rows_file)
    empty.touch()
    page.write_text(f"{BEGIN}\n\nold\n\n{END}\n")
    some = ["--set", "Sett5", "--scale", 2]
    for arguments, message in (
        ([rows_file, *some], f"{rows_file}: no row of --set Sett5 --scale 2"),
        ([rows_file, "--history", "jpeg20"], f"{rows_file}: no row of --history jpeg20"),
        ([rows_file, "--restorer", "x"], f"{rows_file}: no row of --restorer x"),
        ([empty], f"{empty}: no row"),
    ):
        for into in ([], ["--into", page]):
            result = CliRunner().invoke(app, list(map(str, ["tables", *arguments, *into])))
            assert (str(result.exception), result.output) == (message, "")
    assert page.read_text() == f"{BEGIN}\n\nold\n\n{END}\n"
    assert run("tables", rows_file, "--set", "Set5", "--into", page)[0] == 0
    assert "bicubic" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--qf", "10,x"], "--qf 10,x"),
        (["--qf", "0"], "between 1 and 100"),
        (["--history", "jpeg20>gif"], "'gif' is no step of a history"),
        (["--history", "jpeg20>resize0.4>jpeg80"], "begins larger than the original at scale 2"),
        (["--subsampling", "4:1:1"], "4:1:1"),
    ],
)
def test_wrong_usage_is_told(picture_folder: Path, arguments: list[str], message: str) -> None:
    code, _, err = run("evaluate", "--data", picture_folder, "--scale", 2, *arguments)
    assert code == 2
    assert message in err
