import json
from dataclasses import replace

import pytest

from jcarsr.image import ReadOptions, SaveOptions
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target

SCALES = (1, 2, 4)
PLAIN = Settings(target=Target(scale=2))


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAIN, target=Target(scale=1)),
        replace(PLAIN, target=Target(width=2)),
        replace(PLAIN, target=Target(height=2)),
        replace(PLAIN, target=Target(long_side=2)),
        replace(PLAIN, target=Target(short_side=2)),
        replace(PLAIN, read=ReadOptions(salvage=True)),
        replace(PLAIN, read=ReadOptions(first_frame=True)),
        replace(PLAIN, save=SaveOptions(quality=94)),
        replace(PLAIN, save=SaveOptions(strip_metadata=True)),
        replace(PLAIN, tile=320),
        replace(PLAIN, tile=None),
        replace(PLAIN, outputs=("picture", "gradient")),
        replace(PLAIN, strength=0.5),
        replace(PLAIN, crisp=0.5),
        replace(PLAIN, outputs=("picture", "detail")),
    ],
)
def test_text_differs_where_results_do(other: Settings) -> None:
    assert other.as_text(SCALES) != PLAIN.as_text(SCALES)


def test_text_is_the_same_where_results_are() -> None:
    assert Settings(target=Target(scale=2)).as_text(SCALES) == PLAIN.as_text(SCALES)
    more = replace(PLAIN, read=ReadOptions(max_pixels=5))  # decides only what is refused
    assert more.as_text(SCALES) == PLAIN.as_text(SCALES)


def test_text_is_json_that_says_what_was_asked() -> None:
    said = json.loads(replace(PLAIN, target=Target(long_side=800), tile=None).as_text(SCALES))
    assert said == {
        "long_side": 800,
        "scales": [1, 2, 4],
        "salvage": False,
        "first_frame": False,
        "quality": 95,
        "strip_metadata": False,
        "tile": None,
        "gradient": False,
    }


def test_ensemble_is_told_where_it_is_one() -> None:
    """So that ledgers from before there were any stay valid."""
    assert replace(PLAIN, ensemble=True).as_text(SCALES) != PLAIN.as_text(SCALES)
    assert "ensemble" not in PLAIN.as_text(SCALES)


def test_scales_to_choose_from_decide_only_where_one_is_chosen() -> None:
    assert PLAIN.as_text((1, 2)) == PLAIN.as_text(SCALES)
    chosen = Settings(target=Target(width=800))
    assert chosen.as_text((1, 2)) != chosen.as_text(SCALES)


def test_text_of_two_different_sizes_never_agrees() -> None:
    sides = ("width", "height", "long_side", "short_side", "scale")
    texts = {Settings(target=Target(**{side: 4})).as_text(SCALES) for side in sides}
    assert len(texts) == len(sides)
