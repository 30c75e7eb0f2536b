"""One file, without a ledger; what batch, API and server make of it is tested with them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import jcarsr
from jcarsr import ImageError, Outcome, SaveOptions, Target
from jcarsr.pixels import Pixels
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.restorer import DEFAULT_TILE
from jcarsr.restoring.settings import Settings
from jcarsr.weights import read_record


@pytest.fixture
def source(tmp_path: Path, photo: Pixels) -> Path:
    Image.fromarray(photo[:24, :30]).save(tmp_path / "a.png", dpi=(150, 150))
    return tmp_path / "a.png"


def files(weights: Path, *outputs: Kind, **settings: SaveOptions) -> FileRestorer:
    asked = Settings(target=Target(scale=2), outputs=outputs or ("picture",), **settings)
    return FileRestorer(Networks(str(weights)), asked)


def test_result_is_the_librarys(source: Path, tiny_weights: Path, tmp_path: Path) -> None:
    outcome = files(tiny_weights).run(source, tmp_path / "out" / "b.png")
    assert outcome == Outcome(
        source=source,
        target=tmp_path / "out" / "b.png",
        state="done",
        seconds=outcome.seconds,
        size=(60, 48),
        scale=2,
        weights=read_record(tiny_weights).name,
        tile=DEFAULT_TILE,
    )
    with Image.open(tmp_path / "out" / "b.png") as saved:
        expected = jcarsr.restore(source, weights=str(tiny_weights))
        np.testing.assert_array_equal(np.asarray(saved), np.asarray(expected))


def test_map_alone_gets_the_results_name(source: Path, tiny_weights: Path, tmp_path: Path) -> None:
    both = files(tiny_weights, "picture", "gradient").run(source, tmp_path / "both.jpg")
    alone = files(tiny_weights, "gradient").run(source, tmp_path / "edges.png")
    assert (both.size, alone.size, alone.tile) == ((60, 48), (60, 48), None)
    maps = [tmp_path / "both.gradient.png", tmp_path / "edges.png"]
    assert maps[0].read_bytes() == maps[1].read_bytes()


def test_options_of_saving_are_the_pictures(
    source: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    for strip in (False, True):
        save = SaveOptions(strip_metadata=strip)
        files(tiny_weights, save=save).run(source, tmp_path / f"{strip}.png")
        with Image.open(tmp_path / f"{strip}.png") as saved:
            assert ("dpi" in saved.info) is not strip


@pytest.mark.parametrize("taken", ["b.png", "b.gradient.png"])
def test_nothing_is_written_where_one_output_has_no_place(
    source: Path, tiny_weights: Path, tmp_path: Path, taken: str
) -> None:
    (tmp_path / taken).write_bytes(b"other")
    restorer = files(tiny_weights, "picture", "gradient")
    with pytest.raises(ImageError, match=rf"{taken} exists already: overwrite=True replaces it$"):
        restorer.run(source, tmp_path / "b.png")
    assert sorted(path.name for path in tmp_path.glob("*.png")) == sorted(["a.png", taken])
    restorer.run(source, tmp_path / "b.png", overwrite=True)
    assert (tmp_path / taken).read_bytes() != b"other"


def test_format_is_checked_before_the_work(tiny_weights: Path, tmp_path: Path) -> None:
    Image.new("RGBA", (9, 9), (1, 2, 3, 100)).save(tmp_path / "a.png")
    tiles: list[int] = []
    with pytest.raises(ImageError, match="transparency"):
        files(tiny_weights).run(
            tmp_path / "a.png", tmp_path / "a.jpg", lambda done, total: tiles.append(done)
        )
    assert not tiles


def test_tiles_of_all_outputs_are_one_progress(source: Path, tiny_weights: Path) -> None:
    seen: list[tuple[int, int]] = []
    restorer = files(tiny_weights, "picture", "gradient")
    restorer.restore(
        restorer.read(source), Path("b.png"), lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 2), (2, 2)]
