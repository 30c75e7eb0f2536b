from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcarsr.restoring.tiling import BLEND, GRID, MIN_TILE, OVERLAP, plan

lengths = st.integers(1, 5000)
tiles = st.integers(MIN_TILE // GRID, 64).map(lambda steps: steps * GRID)


@given(lengths, tiles)
def test_spans_cover_the_axis_on_the_grid(length: int, tile: int) -> None:
    spans = plan(length, tile)
    assert spans[0].start == 0
    assert spans[-1].stop == length
    assert all(span.start % GRID == 0 and span.stop - span.start <= tile for span in spans)
    for a, b in pairwise(spans):
        assert a.start < b.start
        assert a.stop - b.start >= OVERLAP


@given(lengths, tiles)
def test_little_more_is_computed_than_there_is(length: int, tile: int) -> None:
    spans = plan(length, tile)
    computed = sum(span.stop - span.start for span in spans)
    shared = OVERLAP * (len(spans) - 1)
    assert computed < length + shared + GRID * len(spans) or computed <= MIN_TILE * len(spans)
    assert len(spans) == 1 or len(spans) - 1 < (length - OVERLAP) / (tile - OVERLAP)


@given(lengths, tiles)
def test_blends_lie_inside_both_neighbours_and_do_not_meet(length: int, tile: int) -> None:
    spans = plan(length, tile)
    for a, b in pairwise(spans):
        assert a.fade_out is not None
        assert a.fade_out == b.fade_in
        margin = (OVERLAP - BLEND) // 2
        assert b.start + margin <= a.fade_out - BLEND // 2
        assert a.fade_out + BLEND // 2 <= a.stop - margin
    for span in spans[1:-1]:
        assert span.fade_in is not None
        assert span.fade_out is not None
        assert span.fade_out - span.fade_in >= BLEND


@pytest.mark.parametrize("tile", [0, 100, 240, 264])
def test_wrong_tile_is_told(tile: int) -> None:
    with pytest.raises(ValueError, match=f"got {tile}"):
        plan(1000, tile)
