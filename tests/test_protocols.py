from dataclasses import asdict

import pytest

from jcarsr.protocols import NetworkFacts

HELD = {"sr": 100, "lr": 10, "gradient": 50}
FACTS = NetworkFacts(
    scale=4,
    outputs=("sr", "lr", "gradient"),
    int8_outputs=("sr",),
    floats_per_pixel=HELD,
)


def test_cleaning_keeps_the_size() -> None:
    assert [FACTS.output_scale(output) for output in FACTS.outputs] == [4, 1, 4]
    assert FACTS.bytes_per_pixel("lr") == 40


def test_pictures_are_restored_with_the_large_one() -> None:
    assert FACTS.picture_output == "sr"
    assert FACTS.restoring_outputs == ("sr", "gradient")


def test_come_back_from_json() -> None:
    stored = {**asdict(FACTS), "outputs": ["sr", "lr", "gradient"], "int8_outputs": ["sr"]}
    assert NetworkFacts.from_json(stored) == FACTS


def test_a_network_that_keeps_the_size_has_one_output() -> None:
    facts = NetworkFacts(scale=1, outputs=("lr",), reads=("tables",), floats_per_pixel={"lr": 5})
    stored = {**asdict(facts), "outputs": ["lr"], "reads": ["tables"]}
    assert NetworkFacts.from_json(stored) == facts
    assert facts.output_scale("lr") == 1
    assert facts.picture_output == "lr"
    assert facts.restoring_outputs == ("lr",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 3}, "scale must be 1, 2 or 4, got 3"),
        ({"scale": 2.0}, "scale must be 1, 2 or 4, got 2.0"),
        ({"scale": True}, "scale must be 1, 2 or 4, got True"),
        ({"largest_tile": 0}, "largest_tile must be a positive integer, got 0"),
        ({"largest_tile": 320.0}, "largest_tile must be a positive integer, got 320.0"),
        ({"outputs": ["lr"]}, "outputs must hold sr"),
        ({"scale": 1}, "outputs of scale 1 must be lr alone"),
        ({"reads": ["exif"]}, "reads must be of tables, got ..exif"),
        ({"outputs": ["sr", "hdr"]}, "outputs must be of sr, lr, gradient"),
        ({"int8_outputs": ["gradient"], "outputs": ["sr", "lr"]}, "hold sr and int8_outputs"),
        ({"floats_per_pixel": {"sr": 1}}, "floats_per_pixel of lr must be positive, got None"),
        ({"floats_per_pixel": 5}, "floats_per_pixel must be numbers by output, got 5"),
        ({"floats_per_pixel": None}, "floats_per_pixel must be numbers by output, got None"),
        ({"floats_per_pixel": [1, 2, 3]}, "must be numbers by output"),
        ({"floats_per_pixel": {**HELD, "lr": 10**400}}, "of lr must be 16777216 at most"),
        ({"floats_per_pixel": {**HELD, "lr": True}}, "of lr must be positive, got True"),
        ({"floats_per_pixel": {**HELD, "hdr": 1}}, "floats_per_pixel of hdr"),
        ({"largest_tile": 10**400}, "largest_tile must be a positive integer, got 1000"),
        ({"floats_per_pixel": {"sr": 1.5, "lr": 1, "gradient": 1}}, "of sr must be positive"),
    ],
)
def test_what_no_network_has_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NetworkFacts.from_json({**asdict(FACTS), **changes})
