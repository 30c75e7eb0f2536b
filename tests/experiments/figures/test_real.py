from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import DataError, WeightsError
from jcarsr.experiments.figures import real
from jcarsr.experiments.figures.scene import Scene
from jcarsr.experiments.figures.sheet import Panel
from jcarsr.experiments.jobs import Conditions, GivenWeights
from jcarsr.experiments.store import ResultStore
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.bicubic import Bicubic
from jcarsr.methods.catalog import Context, find_method
from jcarsr.weights import find, read_record


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def scene(
    conditions: Conditions, tmp_path: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> Scene:
    def lacks(*arguments: object) -> Path:
        raise WeightsError("realesrgan-x4plus: needs its weights")

    monkeypatch.setattr(real, "convert_once", lacks)
    folder = tmp_path / "photos"
    folder.mkdir()
    web = find("jcarsr-web-lite-x4")
    return Scene(
        store=ResultStore(tmp_path / "out"),
        conditions=conditions,
        sets={},
        given={
            "jcarsr-lite-x4": GivenWeights(
                preset="jcarsr-lite-x4", path=web, record=read_record(web)
            )
        },
        pictures=[folder],
        picture=None,
        device="cpu",
        missing=notes.append,
    )


def drawn(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[list[Panel]]:
    sheet: list[list[Panel]] = []

    def keep(rows: list[list[Panel]], path: Path, *, caption: str, side: int) -> None:
        assert side >= real.SCALE * real.SIDE  # pixels of results are seen
        sheet.extend(rows)

    monkeypatch.setattr(real, "save_sheet", keep)
    real.draw(scene, Path("x.png"))
    return sheet


def test_each_method_shows_the_square_of_its_own_result(
    scene: Scene, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture is saved twice, on two grids, so auto takes the weights that are given, too."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=30)
    once = Image.open(file).convert("RGB").crop((3, 5, 163, 165))
    once.save(scene.pictures[0] / "a.jpg", quality=90)
    (row,) = drawn(scene, monkeypatch)
    assert [panel.name for panel in row] == ["a.jpg", "bicubic", "jcarsr-lite-x4", "JCARSR, auto"]
    assert row[0].below == "160 x 160 pixels, JPEG of quality 90 or so"
    assert row[2].below == "given: pretrained/jcarsr-web-lite-x4.safetensors"
    assert row[3].below.startswith("jcarsr-web-lite-x4; found: an earlier JPEG save of quality")
    np.testing.assert_array_equal(row[2].pixels, row[3].pixels)

    square = row[0].frame
    assert square is not None and square.side == real.SIDE
    whole = Bicubic(4).restore(row[0].pixels)
    inner = np.s_[8:-8]  # bicubic reads two pixels beyond what it is given
    np.testing.assert_array_equal(row[1].pixels[inner, inner], square.of(whole, 4)[inner, inner])
    options = EngineOptions(device="cpu", precision="float32")
    web = find_method("jcarsr-web-lite-x4", Context(scale=4, options=options))
    exact = square.of(web.restore(Decoded(pixels=row[0].pixels)), 4)
    off = np.abs(exact.astype(int) - row[3].pixels)
    assert off.mean() < 1  # of the whole picture's result, with its edges and mean colour
    assert any(note.startswith("Real-ESRGAN: realesrgan-x4plus: needs") for note in notes)
    assert any(note.startswith("DAN: ") for note in notes)


def test_pictures_are_upright_and_what_cannot_be_shown_is_said(
    scene: Scene, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upright = Image.fromarray(skimage.data.astronaut()[:64, 100:228])
    exif = Image.Exif()
    exif[0x112] = 6  # turn by a quarter to the right
    folder = scene.pictures[0]
    upright.rotate(90, expand=True).save(folder / "a.png", exif=exif)
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "b.gif", save_all=True, append_images=frames[1:])
    (folder / "c.png").write_bytes(b"no picture")
    (row,) = drawn(scene, monkeypatch)
    np.testing.assert_array_equal(row[0].pixels, np.asarray(upright))
    square = row[0].frame
    assert square is not None and square.side == 64
    assert row[1].pixels.shape == (256, 256, 3)
    expected = square.of(Bicubic(4).restore(row[0].pixels), 4)
    assert np.abs(expected[:, 8:-8].astype(int) - row[1].pixels[:, 8:-8]).max() <= 1
    assert [note for note in notes if "b.gif: an animation" in note]
    assert [note for note in notes if "c.png: " in note]

    (folder / "a.png").unlink()
    with pytest.raises(DataError, match="photos: no picture that can be shown"):
        drawn(scene, monkeypatch)
