from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcarsr import JCARSRError, Target

sides = st.integers(1, 5000)


@pytest.mark.parametrize(
    ("target", "size", "native"),
    [
        (Target(scale=1), (300, 200), 1),
        (Target(scale=4), (1200, 800), 4),
        (Target(width=450), (450, 300), 2),
        (Target(height=200), (300, 200), 1),
        (Target(height=201), (302, 201), 2),
        (Target(long_side=1000), (1000, 667), 4),
        (Target(short_side=50), (75, 50), 1),
    ],
)
def test_size_and_the_scale_that_reaches_it(
    target: Target, size: tuple[int, int], native: int
) -> None:
    assert target.size(300, 200) == size
    assert target.result_scale(300, 200, (2, 4)) == native
    assert target.native_scale(300, 200, (2, 4)) == max(native, 2)


@given(sides, sides, sides)
def test_side_is_exact_and_the_other_in_proportion(width: int, height: int, side: int) -> None:
    wanted = Target(width=side).size(width, height)
    assert wanted[0] == side
    assert abs(wanted[1] - side * height / width) <= 0.5 or wanted[1] == 1
    assert max(Target(long_side=side).size(width, height)) == side
    assert min(Target(short_side=side).size(width, height)) == side


def test_what_the_networks_cannot_reach_is_told() -> None:
    with pytest.raises(JCARSRError, match="1201x801 is more than 4 times its 300x200"):
        Target(width=1201).native_scale(300, 200, (2, 4))
    with pytest.raises(JCARSRError, match="more than 2 times"):
        Target(scale=4).native_scale(300, 200, (1, 2))


NO_NUMBERS: list[dict[str, Any]] = [
    *({"width": value} for value in (150.5, "150", True)),
    *({"scale": value} for value in (2.0, True)),
]


@pytest.mark.parametrize(
    "values", [{}, {"scale": 2, "width": 3}, {"scale": 3}, {"height": 0}, *NO_NUMBERS]
)
def test_nonsense_cannot_be_asked_for(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"one of|scale must be|height must be|width must be"):
        Target(**values)


def test_label_goes_into_file_names() -> None:
    assert Target(scale=2).label == "x2"
    assert Target(long_side=800).label == "long-side-800"
