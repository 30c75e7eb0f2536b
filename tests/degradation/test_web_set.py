"""Each history that is taken for a scale is tried on a picture, each that is not is refused."""

import numpy as np
import pytest

from jcarsr.degradation.pipeline import low_resolution
from jcarsr.degradation.web_set import WEB_SET, parse_histories

HR = np.random.default_rng(0).integers(0, 256, (96, 64, 3), np.uint8)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_web_stands_for_all_that_can_be_made_of_a_picture(scale: int) -> None:
    lr = low_resolution(HR, scale) if scale > 1 else HR
    taken = parse_histories(["web"], scale)
    assert all(history(HR, lr).shape == lr.shape for history in taken)
    for left_out in set(WEB_SET) - set(taken):
        with pytest.raises(ValueError, match="begins larger"):
            left_out(HR, lr)
    assert len(taken) == (7 if scale == 1 else 8)


def test_one_that_shrinks_by_more_than_the_scale_is_refused_by_its_word() -> None:
    assert len(parse_histories(["jpeg30>resize0.5>jpeg80", "web"], 2)) == 9
    with pytest.raises(ValueError, match=r"^resize0\.75>jpeg80: begins larger .* at scale 1$"):
        parse_histories(["resize0.75>jpeg80"], 1)
    with pytest.raises(ValueError, match=r"^jpeg30>resize0\.4>jpeg80: begins larger"):
        parse_histories(["jpeg30>resize0.4>jpeg80"], 2)
    assert parse_histories(["jpeg30>resize0.4>jpeg80"])  # of stored rows
