import pytest

from jcarsr.web.pace import Pace


def test_nothing_is_known_of_another_kind() -> None:
    pace = Pace()
    assert pace.expect("x2", 100) is None
    pace.learn("x2", 100, 1.0)
    assert pace.expect("x4", 100) is None
    assert pace.expect("x2", 300) == pytest.approx(3)


def test_the_newest_counts_half() -> None:
    """After n pictures at 1 s and then n at 3 s a pixel the rate is 3 - 2 / 2**n."""
    pace = Pace()
    for _ in range(5):
        pace.learn("x2", 7, 7.0)
    for count in range(1, 6):
        pace.learn("x2", 10, 30.0)
        assert pace.expect("x2", 1) == pytest.approx(3 - 2 / 2**count)


def test_a_picture_without_pixels() -> None:
    pace = Pace()
    pace.learn("x2", 0, 1.0)
    assert pace.expect("x2", 2) == 2
