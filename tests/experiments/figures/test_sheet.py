from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from jcarsr.experiments.figures.sheet import Panel, fit, in_rows, save_sheet, wrap
from jcarsr.experiments.figures.squares import Square
from jcarsr.pixels import Pixels


@pytest.fixture
def pixels() -> Pixels:
    return np.random.default_rng(0).integers(0, 200, (8, 8, 3)).astype(np.uint8)


def shown(path: Path) -> Pixels:
    with Image.open(path) as sheet:
        return np.asarray(sheet)


def find(part: Pixels, whole: Pixels) -> list[tuple[int, int]]:
    """Where a part lies in a picture: (top, left) of each place."""
    corners = np.argwhere((whole == part[0, 0]).all(2))
    height, width = part.shape[:2]
    return [
        (int(top), int(left))
        for top, left in corners
        if np.array_equal(whole[top : top + height, left : left + width], part)
    ]


def test_pictures_are_enlarged_by_whole_numbers_in_rows(tmp_path: Path, pixels: Pixels) -> None:
    panels = [Panel(name=str(index), pixels=np.roll(pixels, index, 0)) for index in range(3)]
    save_sheet(in_rows(panels, 2), tmp_path / "s.png", caption="", side=35)
    whole = shown(tmp_path / "s.png")
    places = [find(panel.pixels.repeat(4, 0).repeat(4, 1), whole) for panel in panels]
    ((top0, left0),), ((top1, left1),), ((top2, left2),) = places
    assert (top0, left0) == (top1, left2)
    assert left1 >= left0 + 35
    assert top2 > top0 + 32 + 15  # the names lie between


def test_large_pictures_are_shrunk_to_the_square() -> None:
    assert fit(np.zeros((300, 100, 3), np.uint8), 60).shape == (60, 20, 3)
    assert fit(np.zeros((100, 300, 3), np.uint8), 60).shape == (20, 60, 3)
    assert fit(np.zeros((60, 50, 3), np.uint8), 60).shape == (60, 50, 3)
    assert fit(np.zeros((1, 900, 3), np.uint8), 60).shape == (1, 60, 3)


def test_frame_lies_around_its_square(tmp_path: Path, pixels: Pixels) -> None:
    def frame(square: Square) -> tuple[int, int]:
        panel = Panel(name="a", pixels=pixels, frame=square)
        save_sheet([[panel]], tmp_path / "s.png", caption="", side=80)
        red = (shown(tmp_path / "s.png") == (230, 0, 0)).all(2)
        rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
        assert abs(rows.max() - rows.min() - 10 * square.side) <= 1
        assert abs(columns.max() - columns.min() - 10 * square.side) <= 1
        assert not red[rows.min() + 4 : rows.max() - 3, columns.min() + 4 : columns.max() - 3].any()
        return int(rows.min()), int(columns.min())

    top, left = frame(Square(2, 3, 4))
    assert frame(Square(3, 3, 4)) == (top + 10, left)
    assert frame(Square(2, 1, 5)) == (top, left - 20)


def test_no_text_is_cut(tmp_path: Path, pixels: Pixels) -> None:
    """The sheet grows with its texts, and its margins stay white."""
    texts = ["a", "SR first: FBCNN + SwinIR " * 4, "W" * 200, "name\nwith\tspace \udcff"]
    heights: list[int] = []
    for text in texts:
        panels = [Panel(name=text, pixels=pixels, below=text), Panel(name="b", pixels=pixels)]
        save_sheet([panels], tmp_path / "s.png", caption=text, side=64)
        whole = shown(tmp_path / "s.png")
        heights.append(len(whole))
        for edge in (whole[:, :2], whole[:, -2:], whole[-2:], whole[:2]):
            assert (edge == 255).all()
        below = whole[whole.shape[0] - 16 * 3 :, 8 + 64 : 8 + 64 + 8]
        assert (below == 255).all()  # nothing between the columns
    assert heights[0] < heights[1] < heights[2]


def test_wrapped_lines_are_narrow_and_whole() -> None:
    measure = ImageFont.load_default(13).getlength
    text = "an earlier JPEG save of quality 30, " + "x" * 90 + " its block grid shifted"
    lines = wrap(text, 120, measure)
    assert all(measure(line) <= 120 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrap("", 120, measure) == []
    assert wrap("ab", 0, len) == ["a", "b"]
