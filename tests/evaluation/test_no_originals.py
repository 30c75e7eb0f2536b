import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jcarsr.errors import DataError
from jcarsr.evaluation.no_originals import naturalness_table, score_naturalness
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.bicubic import Bicubic
from jcarsr.methods.method import Method
from jcarsr.metrics.niqe import niqe
from jcarsr.pixels import Pixels


@pytest.fixture
def folder(tmp_path: Path, photo: Pixels) -> Path:
    """Two JPEGs of one name, and one whose result has a single block."""
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    Image.fromarray(photo[:100, :120]).save(folder / "a.jpg", quality=20)
    Image.fromarray(photo[60:, :130]).save(folder / "deep/a.jpg", quality=60)
    Image.fromarray(photo[:90, :90]).save(folder / "small.png")
    return folder


def test_pictures_are_restored_as_they_are(folder: Path) -> None:
    qualities = list[int | None]()

    def restore(decoded: Decoded) -> Pixels:
        qualities.append(decoded.last_save.qf)
        return Bicubic(2).restore(decoded.pixels)

    asked = list[tuple[int, int]]()
    bicubic, other = (
        Method.of_pixels("bicubic", Bicubic(2)),
        Method(name="b", scale=2, restore=restore),
    )
    rows = score_naturalness(
        [bicubic, other], folder, scale=2, on_progress=lambda *both: asked.append(both)
    )
    expected = {
        name: niqe(Bicubic(2).restore(np.asarray(Image.open(folder / name).convert("RGB"))))
        for name in ("a.jpg", "deep/a.jpg")
    }
    assert [row.restorer for row in rows] == ["bicubic", "b"]
    for row in rows:
        assert row.images == pytest.approx(expected, abs=1e-4)
        assert row.niqe == pytest.approx(sum(expected.values()) / 2, abs=1e-4)
        assert (row.set, row.scale, row.left_out) == ("mine", 2, 1)
        assert json.loads(row.as_json())["niqe"] == row.niqe
    assert qualities == [20, 60]
    assert asked == [(done, 4) for done in (1, 2, 3, 4)]
    assert naturalness_table(rows).splitlines() == [
        "| x2, NIQE | pictures | bicubic | b |",
        "|---|---|---|---|",
        f"| mine | 2 of 3 | {rows[0].niqe:.2f} | {rows[1].niqe:.2f} |",
    ]


def test_what_cannot_be_scored_is_named(folder: Path) -> None:
    method = Method.of_pixels("bicubic", Bicubic(2))
    with pytest.raises(ValueError, match="bicubic enlarges by 2, not by 4"):
        score_naturalness([method], folder, scale=4)
    (folder / "deep/words.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"words\.jpg: not a picture"):
        score_naturalness([method], folder, scale=2)
    for path in (folder / "a.jpg", folder / "deep/a.jpg", folder / "deep/words.jpg"):
        path.unlink()
    with pytest.raises(DataError, match="mine: no result has the two blocks of 96x96"):
        score_naturalness([method], folder, scale=2)
