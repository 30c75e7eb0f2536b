import pytest

from jcarsr import MemoryLimitError
from jcarsr.restoring.memory import (
    DEFAULT_MAX_MEMORY,
    NETWORK_MEMORY,
    fitting_tile,
    picture_bytes,
    smaller_tile,
)
from jcarsr.restoring.tiling import GRID, MIN_TILE, plan

GIB = 2**30


def needed(tile: int | None) -> int:
    return picture_bytes(2500, 2500, scale=4, tile=tile, bytes_per_pixel=5000)


def fitting(max_memory: int | None) -> int | None:
    return fitting_tile(2500, 2500, scale=4, tile=512, bytes_per_pixel=5000, max_memory=max_memory)


def test_sum_of_what_is_held() -> None:
    """Input twice, result three times, four strips of float32, one tile of the network."""
    by_hand = 2 * 18_750_000 + 3 * 300_000_000 + 4 * (1024 * 10_000 * 3 * 4) + 256**2 * 5000
    assert needed(256) == by_hand


def test_tiles_are_as_large_as_fits_or_it_is_refused() -> None:
    assert fitting(None) == 512
    for limit in (3 * GIB, 5 * GIB // 2):
        tile = fitting(limit)
        assert tile is not None
        assert needed(tile) <= limit < needed(tile + GRID)
    with pytest.raises(MemoryLimitError, match=r"about 1\.9 GiB, more than the 512 MiB allowed"):
        fitting(GIB // 2)


@pytest.mark.parametrize(
    ("height", "width", "bytes_per_pixel", "tile"),
    [
        (900, 900, 2000, 1024),
        (1900, 900, 7000, 544),
        (900, 900, 90_000, 320),
    ],
)
def test_a_network_takes_two_gibibytes_at_most(
    height: int, width: int, bytes_per_pixel: int, tile: int
) -> None:
    found = fitting_tile(
        height, width, scale=2, tile=1024, bytes_per_pixel=bytes_per_pixel, max_memory=9 * GIB
    )
    seen = min(tile, height) * min(tile, width) * bytes_per_pixel
    assert found == tile
    assert seen <= NETWORK_MEMORY or tile == MIN_TILE


def test_the_network_keeps_most_of_what_large_tiles_save() -> None:
    """Pixels computed for a picture of 6 megapixels at x2: a tenth fewer than with 512."""

    def computed(tile: int) -> int:
        sides = [sum(span.stop - span.start for span in plan(n, tile)) for n in (2000, 3000)]
        return sides[0] * sides[1]

    tile = fitting_tile(
        2000, 3000, scale=2, tile=1024, bytes_per_pixel=2688, max_memory=DEFAULT_MAX_MEMORY
    )
    assert tile is not None
    assert computed(tile) < 0.92 * computed(512)


def test_sixteen_bits_need_more() -> None:
    deep = picture_bytes(900, 900, scale=2, tile=512, bytes_per_pixel=0, itemsize=2)
    assert deep > picture_bytes(900, 900, scale=2, tile=512, bytes_per_pixel=0)


def test_transparency_needs_a_fourth_channel_and_a_picture_of_its_own() -> None:
    plain = picture_bytes(900, 900, scale=2, tile=512, bytes_per_pixel=0)
    with_alpha = picture_bytes(900, 900, scale=2, tile=512, bytes_per_pixel=0, alpha=True)
    assert with_alpha - plain == 900**2 * (2 + 3 * 4 + 3 + 3 * 4)


@pytest.mark.parametrize(
    ("tile", "side", "smaller"),
    [
        (512, 9000, 320),
        (900, 9000, 448),
        (None, 1100, 544),
        (400, 9000, 320),
        (320, 9000, None),
        (512, 330, 320),
        (None, 100, None),
    ],
)
def test_next_smaller_tile(tile: int | None, side: int, smaller: int | None) -> None:
    assert smaller_tile(tile, side) == smaller
