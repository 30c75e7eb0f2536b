"""Every figure, drawn from networks that are trained for two steps."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from support.experiments import make_conditions, make_sets, use_tiny_presets
from support.tiny import TINY

from jcarsr.errors import DataError
from jcarsr.evaluation.rows import read_rows, write_rows
from jcarsr.experiments import table1, table2, table3, table6
from jcarsr.experiments.agenda import find_sets, make_agenda
from jcarsr.experiments.cost import Costs
from jcarsr.experiments.figures import crops, gradients, real
from jcarsr.experiments.figures.catalog import FIGURES
from jcarsr.experiments.figures.scene import Scene
from jcarsr.experiments.figures.sheet import Panel
from jcarsr.experiments.jobs import Conditions
from jcarsr.experiments.plan import Contestant, ExperimentPlan, PlannedNetwork
from jcarsr.experiments.run import Runner, RunOutcome, RunSettings, Watcher
from jcarsr.experiments.store import ResultStore, read_folders
from jcarsr.training import loop, validation

pytestmark = [
    pytest.mark.usefixtures("tiny_presets"),
    pytest.mark.filterwarnings("default"),  # the engine warns of its own matters
]


def contestant(label: str, preset: str) -> Contestant:
    return Contestant(label=label, parts=(PlannedNetwork(name=preset, lite=preset),))


def small(plan: ExperimentPlan, *lines: Contestant) -> ExperimentPlan:
    return replace(plan, contestants=lines, scales=(2,))


@pytest.fixture
def notes() -> list[str]:
    return []


PLANS = {
    table1: small(
        table1.PLAN,
        contestant("EDSR", "edsr-lite-x2"),  # is not trained
        contestant("RDN", "tiny-isrb"),
        contestant("JCARSR", "tiny"),
        replace(contestant("HMA", "not-there"), sizes=("paper",)),
    ),
    table2: small(table2.PLAN, contestant("JCARSR", "tiny")),
    table3: small(
        table3.PLAN, contestant("ARCNN + SwinIR", "tiny-isrb"), contestant("JCARSR", "tiny")
    ),
    table6: small(
        table6.PLAN,
        contestant("ISRB", "tiny-isrb"),
        contestant("ISRB + GGB", "tiny-isrb-ggb"),
        contestant("ISRB + GGB + CARB", "tiny"),
    ),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, _pictures: Path) -> tuple[Path, Conditions]:
    """A folder with the sets, and with what Table 6 trains; each test copies it."""
    folder, conditions = tmp_path_factory.mktemp("trained"), make_conditions(_pictures / "48x40")
    sets, store = make_sets(folder), ResultStore(folder / "out")
    with pytest.MonkeyPatch.context() as patch:
        use_tiny_presets(TINY, patch)
        patch.setattr(loop, "step_flops", lambda recipe: 1)
        patch.setattr(validation, "_HELD_OUT", 2)  # whose scores are of no interest here
        agenda = make_agenda([PLANS[table6]], conditions, seeds=1, sets=[sets])
        settings = RunSettings(device="cpu", compile=False)
        outcome = Runner(store, conditions, settings, Costs(), Watcher()).run(agenda)
    assert outcome == RunOutcome()
    (sets / "Set14").mkdir()  # with pictures that are not scored
    for index in range(14):
        picture = Image.open(sets / "Set5" / f"{index % 5}.png").rotate(90 * index)
        picture.save(sets / "Set14" / f"b{index}.png")
    return folder, conditions


@pytest.fixture
def scene(
    trained: tuple[Path, Conditions],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    notes: list[str],
) -> Scene:
    for module, plan in PLANS.items():
        monkeypatch.setattr(module, "PLAN", plan)
    folder, conditions = trained
    shutil.copytree(folder, tmp_path / "trained")
    return Scene(
        store=ResultStore(tmp_path / "trained" / "out"),
        conditions=conditions,
        sets=find_sets(["Set5", "Set14"], [tmp_path / "trained" / "sets"])[0],
        given={},
        pictures=[],
        picture=None,
        device="cpu",
        missing=notes.append,
    )


class Sheets:
    """What figures put into their sheets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: list[list[Panel]] = []
        self.caption = ""
        for module in (crops, gradients, real):
            save = module.save_sheet

            def keep(
                rows: list[list[Panel]], path: Path, *, caption: str, side: int, save: object = save
            ) -> None:
                self.rows, self.caption = rows, caption
                save(rows, path, caption=caption, side=side)  # pyright: ignore

            monkeypatch.setattr(module, "save_sheet", keep)

    def texts(self) -> list[tuple[str, str]]:
        return [(panel.name, panel.below) for row in self.rows for panel in row]


def test_figures_of_trained_networks(
    scene: Scene, tmp_path: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets = Sheets(monkeypatch)
    networks = "Networks of size lite, 2 steps each in float32, seed 0; Set5 "
    names = {
        "fig7": ["HR", "bicubic", "RDN", "JCARSR"],
        "fig8": ["HR", "bicubic", "JCARSR", "SR first: ARCNN + SwinIR"],
        "fig10": ["HR", "HR", "JCARSR", "w/o CARB", "w/o CARB & GGB"],
    }
    for name, expected in names.items():
        path = tmp_path / FIGURES[name].file
        FIGURES[name].draw(scene, path)
        assert [shown for shown, _ in sheets.texts()[1:]] == expected
        assert sheets.rows[0][0].frame is not None
        assert sheets.caption.startswith(networks)
        assert sheets.caption.endswith(", x2, QF 10")
        with Image.open(path) as sheet:
            assert len(sheet.convert("L").getcolors(1 << 20) or []) > 20
    assert notes == ["EDSR: not trained: run `jcarsr experiment table1` with the same options"]

    # a panel's numbers are those of the picture's row, wherever the picture was looked for
    FIGURES["fig7"].draw(replace(scene, picture="3"), tmp_path / "x.png")
    assert sheets.caption.endswith("Set5 3, x2, QF 10")
    texts = dict(sheets.texts())
    (rows,) = [scene.rows(scene.entrants({"": table1.PLAN}, 2), "Set5")]
    for label in ("RDN", "JCARSR"):
        psnr, ssim = rows[label].images["3"]
        assert texts[label] == f"{psnr:.2f} dB / {ssim:.4f}"
    FIGURES["fig7"].draw(replace(scene, picture="b7"), tmp_path / "x.png")
    assert sheets.caption.endswith("Set14 b7, x2, QF 10")

    # a file is degraded as the sets are
    file = shutil.copy(scene.sets["Set5"].folder / "3.png", tmp_path / "mine.png")
    for name in ("fig10", "fig7"):
        FIGURES[name].draw(replace(scene, picture=str(file)), tmp_path / "x.png")
        assert sheets.caption.endswith("seed 0; mine, x2, QF 10")
    assert [text for _, text in sheets.texts()[2:]] == list(texts.values())[2:]
    (tmp_path / "not.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"not\.png"):
        FIGURES["fig7"].draw(replace(scene, picture=str(tmp_path / "not.png")), tmp_path / "x.png")


def test_points_are_no_rows_of_results(scene: Scene) -> None:
    folder = scene.store.folder
    FIGURES["fig6"].draw(scene, folder / "fig6.svg")
    assert "<svg" in (folder / "fig6.svg").read_text()
    points = json.loads((folder / "fig6.json").read_text())
    assert [point["method"] for point in points] == ["RDN", "JCARSR"]
    assert points[0]["ratio"] > 0
    assert points[1]["ratio"] == 1
    rows = read_rows(sorted((folder / "rows").glob("*.json")))
    assert {point["psnr"] for point in points} <= {row.psnr for row in rows}
    assert "thread" in points[0]["machine"]
    assert "auto" not in points[0]["machine"]
    write_rows(rows, folder / "rows.jsonl")
    assert read_folders([folder]) == rows


def test_what_is_missing_is_said_with_the_command(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    for name, table in (("fig6", "table1"), ("fig8", "table2"), ("fig10", "table6")):
        empty = replace(scene, store=ResultStore(tmp_path / "empty"))
        with pytest.raises(DataError, match=f"lite, 2 steps.*: run `jcarsr experiment {table}`"):
            FIGURES[name].draw(empty, path)
    with pytest.raises(
        DataError, match=r"--picture b99: is no file and not in Set14, Set5; b9 is$"
    ):
        FIGURES["fig7"].draw(replace(scene, picture="b99"), path)
    for file in (scene.store.folder / "rows").iterdir():
        file.unlink()
    with pytest.raises(DataError, match=r"scored on Set14, Set5: run `.*table6`.*--picture"):
        FIGURES["fig10"].draw(scene, path)
    with pytest.raises(DataError, match="nothing is scored on Set5: run `jcarsr experiment table1"):
        FIGURES["fig6"].draw(scene, path)


def test_rows_that_are_known_choose_the_picture(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JCARSR is the best by far on the picture 4, say rows of elsewhere."""
    sheets = Sheets(monkeypatch)
    rows = scene.store.rows()
    known = {
        row.trial.job: replace(row, images=row.images | {"4": (9.0 + 20 * index, 0.5)})
        for index, row in enumerate(rows)
        if row.trial
    }
    for file in (scene.store.folder / "rows").iterdir():
        file.unlink()
    store = ResultStore(scene.store.folder, known)
    FIGURES["fig7"].draw(replace(scene, store=store), tmp_path / "x.png")
    assert "Set5 4, x2" in sheets.caption
