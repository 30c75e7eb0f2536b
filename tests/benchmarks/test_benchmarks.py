"""What the benchmarks conclude from times: the timing itself needs a quiet machine."""

import importlib
import json
import stat
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from support.training import flops as flops

from jcarsr import PRESETS, JCARSRConfig
from jcarsr.degradation.history import parse_history
from jcarsr.evaluation.run import evaluate
from jcarsr.methods.catalog import Context, find_method
from jcarsr.networks.catalog import Preset

ROOT = Path(__file__).parents[2]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    names = (
        "clock",
        "machine",
        "subjects",
        "waifu2x",
        "cases",
        "report",
        "training",
        "earlier_saves",
        "crisp",
        "letters",
        "crisp_report",
    )

    def by_name(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield by_name
    for name in names:
        sys.modules.pop(name, None)


def test_rounds_are_taken_in_turns(load) -> None:
    clock, calls = load("clock"), []
    timings = clock.rounds({name: lambda name=name: calls.append(name) for name in "ab"}, 3)
    assert calls == ["a", "b"] * 4
    assert {name: len(taken) for name, taken in timings.items()} == {"a": 3, "b": 3}


def test_a_ratio_is_the_middle_of_the_rounds_own(load) -> None:
    timings = {"ours": [1.0, 30.0, 2.0], "rival": [2.0, 100.0, 1.0]}
    assert load("clock").ratio(timings, "ours", "rival") == 0.5


def test_photographs_of_any_size_are_photographs(load) -> None:
    photograph = load("subjects").photograph
    for size in ((64, 40), (1500, 700)):
        pixels = photograph(*size)
        assert pixels.shape == (size[1], size[0], 3)
        assert pixels.std() > 20
    assert (photograph(64, 64, 1) != photograph(64, 64, 2)).any()


def test_report_takes_the_newest_row_and_tells_no_seconds(load, tmp_path: Path) -> None:
    report = load("report")
    rows = [
        {"case": "start", "contestant": "onnx", "ratio_to_torch": ratio, "seconds": [1.2345]}
        for ratio in (0.9, 0.3)
    ]
    assert report.start_table(rows).splitlines()[2:] == ["| onnx | 0.30 |"]
    assert "1.23" not in report.start_table(rows)


def test_sizes_are_compared_by_the_megapixel_where_both_are_there(load) -> None:
    rows = [
        {"case": "sizes", "network": "n", "contestant": contestant, "megapixels": size}
        | {"seconds": [seconds], "peak_bytes": peak}
        for contestant, size, seconds, peak in (
            ("onnx", 0.4, 4.0, 2**29),
            ("onnx", 25, 300.0, 2**31),
            ("openvino", 25, 300.0, 2**31),
        )
    ]
    table = load("report").sizes_table(rows).splitlines()
    assert table[2:] == ["| n | onnx | 1.20 | 0.50 GiB | 2.00 GiB |"]


def test_stored_rows_make_the_report_that_is_there(load, tmp_path: Path) -> None:
    """docs/speed.md is generated, never typed."""
    report, copy = load("report"), tmp_path / "speed.md"
    text = (ROOT / "docs" / "speed.md").read_text("utf-8")
    copy.write_text(text, "utf-8")
    lines = (ROOT / "benchmarks" / "speed.jsonl").read_text("utf-8").splitlines()
    report.write([json.loads(line) for line in lines], copy, tmp_path / "speed.svg")
    assert copy.read_text("utf-8") == text
    assert (tmp_path / "speed.svg").stat().st_size > 10_000


@pytest.mark.filterwarnings("default")  # the engine warns of its own matters
def test_training_steps_are_rows(load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = JCARSRConfig(scale=2, channels=8, num_groups=1, sr_blocks=1, jcar_blocks=1)
    monkeypatch.setitem(PRESETS, "tiny", Preset("jcarsr", config.describe()["config"]))
    rows, kernels = tmp_path / "rows.jsonl", tmp_path / "profile.txt"
    words = "--presets tiny --batch-sizes 2 --patch-sizes 16 --modes eager --steps 2 --side 64"
    words += " --precision float32"
    files = ["--rows", str(rows), "--profile", str(kernels)]
    monkeypatch.setattr(sys, "argv", ["training.py", *words.split(), *files])
    load("training").main()
    found = [json.loads(line) for line in rows.read_text("utf-8").splitlines()]
    assert [row["layout"] for row in found] == ["channels_last", "contiguous"]
    assert {row["precision"] for row in found} == {"float32"}
    for row in found:
        assert row["ms_step"] == pytest.approx(sum(row["ms_steps"]) / 2)
        achieved = row["gflop"] * 1e9 / (row["ms_step"] / 1e3)
        assert row["share_of_matrix_rate"] == pytest.approx(
            achieved / (row["matrix_tflops"] * 1e12)
        )
        assert row["ms_network"] > 0
    norms = [row["gradient_norm"] for row in found]
    assert norms[0] == pytest.approx(norms[1], rel=0.05)  # two layouts of one computation
    assert "convolution_backward" in kernels.read_text("utf-8")


def test_rates_of_earlier_saves_are_shares_of_the_made_pictures(load) -> None:
    module = load("earlier_saves")
    rows = [
        {"group": group, "found": found, "moved": moved}
        for group, found, moved in [
            ("never saved, PNG", False, False),
            ("moved 20 90", True, True),
            ("moved 20 90", True, False),
            ("same 20 90", True, False),
            ("once, QF 98", False, False),
            ("once, QF 5", True, True),
        ]
    ]
    text = module.table(rows)
    assert text.startswith("6 made pictures of 1 originals.")
    assert [line for line in text.splitlines() if line.startswith("| 20 |")] == [
        "| 20 |  |  |  | 50 |  |",
        "| 20 |  |  |  | 100 |  |",
    ]
    assert text.index("| once, QF 5 | 1 | 100 | 100 |") < text.index("| once, QF 98 | 1 | 0 | 0 |")


def test_files_of_earlier_saves_are_replaced_whole(
    load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load("earlier_saves")
    (tmp_path / "in").mkdir()
    Image.fromarray(load("subjects").photograph(300, 260)).save(tmp_path / "in" / "a.png")
    rows, page = tmp_path / "rows.jsonl", tmp_path / "page.md"
    rows.write_text("older")
    rows.chmod(0o640)
    page.write_text(f"before\n{module.BEGIN}older\n{module.END}\nafter\n")
    held = rows.open()  # by a reader, who reads on in what was there
    words = ["earlier_saves.py", tmp_path / "in", "--rows", rows, "--into", page]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    module.main()
    with held:
        assert held.read() == "older"
    found = [json.loads(line) for line in rows.read_text("utf-8").splitlines()]
    assert {row["picture"] for row in found} == {"in/a.png"}
    assert page.read_text() == (f"before\n{module.BEGIN}{module.table(found)}{module.END}\nafter\n")
    assert stat.S_IMODE(rows.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "page.md", "rows.jsonl"]
    page.write_text("no table\n")
    with pytest.raises(SystemExit) as left:
        module.main()
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("found", "places"),
    [
        ("abc", ["a", "b", "c"]),
        ("axc", ["a", "x", "c"]),
        ("ac", ["a", "", "c"]),
        ("abbc", ["a", "b", "c"]),
        ("xyabc", ["a", "b", "c"]),
        ("", ["", "", ""]),
    ],
)
def test_every_drawn_letter_has_what_stands_in_its_place(
    load, found: str, places: list[str]
) -> None:
    assert load("letters").compare("abc", found) == places


def test_letters_are_counted_where_the_original_is_read(
    load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of "ab cd" the original reads as "abxd": c does not count."""
    letters = load("letters")
    pictures = [np.full((8, 8, 3), value, np.uint8) for value in range(2)]
    texts = {0: "abxd", 1: "aqcd"}
    monkeypatch.setattr(letters, "read", lambda picture, side: texts[int(picture[0, 0, 0])])
    lines = [letters.Line(text="ab cd", size=8, picture=pictures[0])]
    counts = letters.count(lines, {"ours": [pictures[1]]}, 2)
    assert counts["ours"][8] == letters.Count(right=2, changed=1, lost=0)


def test_crisp_pictures_are_scored_like_any_by_the_file_that_they_come_from(
    load, tmp_path: Path
) -> None:
    """Bicubic against `jcarsr evaluate`'s figures and the share of intervals it leaves."""
    crisp = load("crisp")
    Image.fromarray(load("subjects").photograph(208, 208)).save(tmp_path / "a.png")
    history = parse_history("jpeg40+4,4>jpeg75")
    (sample,) = crisp.degrade(tmp_path, 2, history)
    (row,) = evaluate(
        [find_method("bicubic", Context(scale=2))],
        tmp_path,
        scale=2,
        histories=[history],
        with_niqe=True,
    )
    own = crisp.score(find_method("bicubic", Context(scale=2)).restore, sample, 2)
    assert (round(own.psnr, 4), round(own.ssim, 5), round(own.niqe, 4)) == (
        row.psnr,
        row.ssim,
        row.niqe,
    )
    enlarged = sample.decoded.pixels.repeat(2, 0).repeat(2, 1)  # shrinks to itself
    assert crisp.score(lambda _: enlarged, sample, 2).outside == 0 < own.outside
    with pytest.raises(SystemExit, match="must end with a JPEG"):
        list(crisp.degrade(tmp_path, 2, parse_history("jpeg40>png")))


def test_crisp_tables_hold_every_row_and_sum_the_letters(load) -> None:
    report = load("crisp_report")
    row = {"set": "Set5", "scale": 2, "history": "jpeg40", "method": "crisp", "psnr": 27.126}
    row |= {"ssim": 0.81234, "niqe": None, "outside": 0.0312, "time": 0.0401}
    lines = list(report.table([row, row | {"method": "rival", "time": None}, row | {"scale": 4}]))
    assert lines[0] == "Set5 x2, `jpeg40`"
    assert lines[4:6] == [
        "| crisp | 27.13 | 0.8123 | - | 3.1 | 0.040 |",
        "| rival | 27.13 | 0.8123 | - | 3.1 | - |",
    ]
    assert lines[7] == "Set5 x4, `jpeg40`"
    counts = {
        "8": {"right": 6, "changed": 3, "lost": 1},
        "10": {"right": 9, "changed": 1, "lost": 0},
    }
    assert (
        list(report.letter_table({"crisp": counts}))[-1]
        == "| crisp | 4 of 10 | 1 of 10 | 5 of 20 |"
    )
