import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hub import Hub, as_the_hub
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.evaluation.rows import Row, write_rows
from jcarsr.weights import read_record

run = CliRunner().invoke


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with as_the_hub(tmp_path, monkeypatch) as hub:
        yield hub


@pytest.fixture
def run_folder(tiny_weights: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(tiny_weights, folder / "weights.safetensors")
    return folder


def row(sha256: str, psnr: float, restorer: str = "tiny") -> Row:
    return Row(
        set="Set5", scale=2, history="jpeg10", restorer=restorer, sha256=sha256, psnr=psnr,
        ssim=0.8, images={}, protocol={}, codec="", versions={},
    )  # fmt: skip


def test_a_runs_weights_are_pushed_with_their_scores(
    hub: Hub, run_folder: Path, tmp_path: Path
) -> None:
    sha256 = read_record(run_folder / "weights.safetensors").sha256
    rows = [row(sha256, 28.25), row("0" * 64, 20.0), row(sha256, 29.0, "tiny, ensemble")]
    write_rows(rows, tmp_path / "rows.jsonl")
    words = ["--rows", str(tmp_path / "rows.jsonl"), "--licence", "cc0-1.0", "--private"]
    result = run(app, ["push", str(run_folder), "me/tiny", *words])
    assert result.exit_code == 0, result.output
    sha, files = hub.commits["me/tiny"][-1]
    assert result.stdout == f"{hub.url}/me/tiny/commit/{sha}\n"
    assert "note: without graphs" in result.stderr
    card = files["README.md"].decode()
    assert "license: cc0-1.0\n" in card
    assert "| Set5 x2 QF 10 | 28.25 | 0.8000 |" in card
    assert "29.0" not in card
    assert hub.private == {"me/tiny": True}
    assert files["weights.safetensors"] == (run_folder / "weights.safetensors").read_bytes()


def test_a_licence_that_is_not_stated_is_unknown(hub: Hub, run_folder: Path) -> None:
    result = run(app, ["push", str(run_folder), "me/tiny"])
    assert result.exit_code == 0, result.output
    assert b"license: unknown\n" in hub.commits["me/tiny"][-1][1]["README.md"]


@pytest.mark.parametrize("repo", ["tiny", "me/", "a/b/c", "me/ tiny", "../x"])
def test_names_that_are_none_are_refused(run_folder: Path, repo: str) -> None:
    result = run(app, ["push", str(run_folder), repo])
    assert result.exit_code == 2
    assert f"error: {repo}: a repository is named OWNER/NAME" in result.stderr


def test_what_is_missing_is_named(hub: Hub, run_folder: Path, tmp_path: Path) -> None:
    write_rows([row("0" * 64, 20.0)], tmp_path / "rows.jsonl")
    wrong = {
        (str(run_folder), "--rows", str(tmp_path / "rows.jsonl")): "rows.jsonl: no row of",
        (str(run_folder), "--rows", str(tmp_path / "none")): "none: cannot be read",
        (str(tmp_path / "cache"),): "no such weight file",
        (str(tmp_path),): "weights.safetensors: no such file",
    }
    for (source, *options), message in wrong.items():
        result = run(app, ["push", source, "me/tiny", *options])
        assert result.exit_code == 1
        assert message in str(result.exception)
    assert hub.commits == {}
