"""Every figure, drawn from networks that are trained for two steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.filters
from PIL import Image

from jcarsr.errors import DataError, WeightsError
from jcarsr.evaluation.rows import Row
from jcarsr.experiments import table1, table2, table3, table6
from jcarsr.experiments.agenda import find_sets, make_agenda
from jcarsr.experiments.cost import Costs
from jcarsr.experiments.figures import real
from jcarsr.experiments.figures.catalog import FIGURES
from jcarsr.experiments.figures.crops import busiest
from jcarsr.experiments.figures.gradients import sobel
from jcarsr.experiments.figures.scene import Scene, choose_picture
from jcarsr.experiments.figures.sheet import save_sheet
from jcarsr.experiments.jobs import Conditions
from jcarsr.experiments.plan import Contestant, ExperimentPlan, PlannedNetwork
from jcarsr.experiments.run import Runner, RunOutcome, RunSettings, Watcher
from jcarsr.experiments.store import ResultStore

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


@pytest.fixture
def scene(
    conditions: Conditions,
    sets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    notes: list[str],
) -> Scene:
    plans = {
        table1: small(
            table1.PLAN,
            contestant("EDSR", "edsr-lite-x2"),  # is not trained
            contestant("RDN", "tiny-isrb"),
            contestant("JCARSR", "tiny"),
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
    for module, plan in plans.items():
        monkeypatch.setattr(module, "PLAN", plan)
    store = ResultStore(tmp_path / "out")
    agenda = make_agenda([table6.PLAN], conditions, seeds=1, sets=[sets])
    runner = Runner(store, conditions, RunSettings(device="cpu", compile=False), Costs(), Watcher())
    assert runner.run(agenda) == RunOutcome()
    return Scene(
        store=store,
        conditions=conditions,
        sets=find_sets(["Set5"], [sets])[0],
        given={},
        pictures=[],
        picture=None,
        device="cpu",
        missing=notes.append,
    )


def test_figures_of_trained_networks(
    scene: Scene, tmp_path: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, panels in (("fig7", 4), ("fig8", 4), ("fig10", 5)):
        path = tmp_path / FIGURES[name].file
        FIGURES[name].draw(scene, path)
        with Image.open(path) as sheet:
            columns, side = {"fig7": (4, 192), "fig8": (4, 192), "fig10": (3, 320)}[name]
            assert sheet.width == columns * (side + 6) + 6
            assert sheet.height > -(-panels // columns) * side * 0.9
            assert len(sheet.convert("L").getcolors(1 << 20) or []) > 20
    assert notes == ["EDSR: " + notes[0].removeprefix("EDSR: ")]
    assert notes[0].startswith("EDSR: edsr-lite-x2-s0-")

    FIGURES["fig6"].draw(scene, tmp_path / "fig6.svg")
    text = (tmp_path / "fig6.svg").read_text()
    assert "<svg" in text
    points = (tmp_path / "fig6.jsonl").read_text().splitlines()
    assert [line.split('"method": "')[1].split('"')[0] for line in points] == ["RDN", "JCARSR"]

    with pytest.raises(DataError, match="none: is not among the scored pictures"):
        FIGURES["fig7"].draw(replace(scene, picture="none"), tmp_path / "x.png")
    empty = replace(scene, store=ResultStore(tmp_path / "empty"))
    with pytest.raises(DataError, match="no network of this figure is trained"):
        FIGURES["fig10"].draw(empty, tmp_path / "x.png")

    # real pictures: without Real-ESRGAN's package and DAN's weights the rest is drawn
    def lacks(*arguments: object) -> Path:
        raise WeightsError("realesrgan-x4plus: needs its weights")

    monkeypatch.setattr(real, "convert_once", lacks)
    photo = tmp_path / "photos" / "a.jpg"
    photo.parent.mkdir()
    Image.effect_noise((24, 20), 40).convert("RGB").save(photo)
    FIGURES["fig9"].draw(replace(scene, pictures=[photo.parent]), tmp_path / "fig9.png")
    with Image.open(tmp_path / "fig9.png") as sheet:
        assert sheet.width == 2 * 326 + 6
    assert any(note.startswith("Real-ESRGAN: realesrgan-x4plus: needs") for note in notes)
    assert any(note.startswith("DAN: DAN's weights") for note in notes)


def test_busiest_square_is_that_of_a_search_through_all() -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (40, 56, 3)).astype(np.uint8) for _ in range(3)]
    spread = np.stack([picture.mean(2) for picture in pictures]).var(0)
    sums = {
        (top, left): spread[top : top + 16, left : left + 16].sum()
        for top in range(0, 25, 8)
        for left in range(0, 41, 8)
    }
    assert busiest(pictures, 16) == max(sums, key=lambda place: sums[place])
    assert busiest([picture[:8, :8] for picture in pictures], 16) == (0, 0)


def test_map_is_scikit_images() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 14, 3)).astype(np.uint8)
    expected = np.stack([skimage.filters.sobel(pixels[..., c] / 255) for c in range(3)], -1)
    np.testing.assert_allclose(sobel(pixels), expected, atol=1e-5)


def test_sheet_shows_each_picture_enlarged(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    save_sheet([("a", pixels), ("b", pixels[::-1])], tmp_path / "s.png", columns=2, side=16)
    with Image.open(tmp_path / "s.png") as sheet:
        shown = np.asarray(sheet)[6:22, 28:44]
    np.testing.assert_array_equal(shown, pixels[::-1].repeat(2, 0).repeat(2, 1))


def test_picture_is_where_psnr_differs_most(make_row: Callable[..., Row]) -> None:
    def row(**images: float) -> Row:
        scores = {name: (psnr, 0.5) for name, psnr in images.items()}
        return replace(make_row("m", 0, 1.0), images=scores)

    rows = {"a": row(x=20.0, y=30.0, z=9.0), "b": row(x=21.0, y=27.0)}
    assert choose_picture(rows, None) == "y"
    assert choose_picture(rows, "x") == "x"
    with pytest.raises(DataError, match="z: is not among"):
        choose_picture(rows, "z")
    with pytest.raises(DataError, match="a picture: is not among"):
        choose_picture({}, None)
