from __future__ import annotations

import numpy as np

from jcarsr.experiments.figures.squares import Square, busiest, most_detailed


def test_busiest_square_is_that_of_a_search_through_all() -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (40, 56, 3)).astype(np.uint8) for _ in range(3)]
    spread = np.stack([picture.mean(2) for picture in pictures]).var(0)
    sums = {
        (top, left): spread[top : top + 16, left : left + 16].sum()
        for top in range(0, 25, 8)
        for left in range(0, 41, 8)
    }
    assert busiest(pictures, 16) == (*max(sums, key=lambda place: sums[place]), 16)
    assert busiest([picture[:8, :9] for picture in pictures], 16) == (0, 0, 8)


def test_detail_is_where_neighbours_differ() -> None:
    pixels = np.full((64, 80, 3), 90, np.uint8)
    pixels[32:48, 40:56] = np.random.default_rng(0).integers(0, 256, (16, 16, 3))
    square = most_detailed(pixels, 16)
    assert square == (32, 40, 16)
    twice = pixels.repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(square.of(twice, 2), twice[64:96, 80:112])
    assert most_detailed(np.zeros((20, 20, 3), np.uint8), 16) == Square(0, 0, 16)
