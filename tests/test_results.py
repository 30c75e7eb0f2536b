"""What the project claims: stored rows against outside figures, bundled files and README."""

from pathlib import Path

import pytest

from jcarsr.degradation.web_set import WEB_SET
from jcarsr.evaluation.rows import Row, read_rows
from jcarsr.evaluation.tables import tables
from jcarsr.weights import bundled_names, find, read

ROOT = Path(__file__).parents[1]
ROWS = read_rows(sorted((ROOT / "results").glob("*.jsonl")))


def row(restorer: str, dataset: str, scale: int, qf: int) -> Row:
    (found,) = (
        r for r in ROWS if (r.restorer, r.set, r.scale, r.qf) == (restorer, dataset, scale, qf)
    )
    return found


@pytest.mark.parametrize(
    ("scale", "qf", "psnr"),
    [
        (2, 10, 27.16),
        (2, 20, 28.93),
        (2, 40, 30.32),
        (2, 80, 32.22),
        (4, 10, 23.96),
        (4, 80, 27.67),
    ],
)
def test_bicubic_on_set5_is_what_others_measure(scale: int, qf: int, psnr: float) -> None:
    """Independently measured with Pillow's bicubic, whose rounding moves it by 0.01 dB."""
    assert row("bicubic", "Set5", scale, qf).psnr == pytest.approx(psnr, abs=0.015)


@pytest.mark.parametrize(("qf", "bar"), [(10, 27.9), (20, 30.0), (40, 31.5), (80, 33.2)])
def test_lite_x2_holds_its_bar_on_set5(qf: int, bar: float) -> None:
    assert row("jcarsr-lite-x2", "Set5", 2, qf).psnr >= bar


@pytest.mark.parametrize("qf", [10, 20, 30, 40, 80])
def test_lite_x4_beats_bicubic_on_set5_by_its_bar(qf: int) -> None:
    gain = row("jcarsr-lite-x4", "Set5", 4, qf).psnr - row("bicubic", "Set5", 4, qf).psnr
    assert gain >= 0.4


@pytest.mark.parametrize("dataset", ["Set5", "Set14", "B100", "Urban100"])
@pytest.mark.parametrize("qf", [10, 20, 30, 40, 80])
@pytest.mark.parametrize("scale", [2, 4])
def test_lite_beats_bicubic_on_every_picture(dataset: str, qf: int, scale: int) -> None:
    names = (f"jcarsr-lite-x{scale}", "bicubic")
    ours, floor = (row(name, dataset, scale, qf).images for name in names)
    assert set(ours) == set(floor)
    assert [name for name in ours if ours[name][0] <= floor[name][0]] == []


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_weights_are_those_measured(name: str) -> None:
    record = read(find(name)).record
    measured = {r.sha256 for r in ROWS if r.restorer == name}
    assert measured == {record.sha256}
    scores = {r.condition: [r.psnr, r.ssim] for r in ROWS if r.restorer == name}
    # what was measured after the file was written stands in the rows alone
    assert {condition: scores[condition] for condition in record.scores} == record.scores
    assert {"Set5", "Set14"} <= {condition.split()[0] for condition in record.scores}
    assert record.data
    assert record.licence


def test_tables_are_the_rows() -> None:
    assert tables(ROWS) in (ROOT / "docs" / "results.md").read_text("utf-8")
    shown = [r for r in ROWS if (r.set, r.scale) == ("Set14", 2)]
    assert tables(shown) in (ROOT / "docs" / "research.md").read_text("utf-8")
    names = ("bicubic", "waifu2x cunet", "waifu2x photo", "auto")
    histories = set(map(str, WEB_SET))
    short = [r for r in shown if r.restorer in names and r.history in histories]
    assert short
    assert tables(short) in (ROOT / "README.md").read_text("utf-8")
