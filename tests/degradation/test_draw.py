from collections import Counter

import numpy as np
import pytest

from jcarsr.degradation.draw import Clean, Distribution, Once, Web
from jcarsr.degradation.history import History, parse_history
from jcarsr.degradation.steps import Jpeg, Photoshop, Png, Resize
from jcarsr.pixels import Pixels

ONCE = Once(qfs=tuple(range(5, 96, 5)), share_444=0.5)


def first(history: History) -> Jpeg:
    step = history.steps[0]
    assert isinstance(step, Jpeg)
    return step


@pytest.mark.parametrize("distribution", [ONCE, Web(once=ONCE, repeated=30)])
def test_seed_decides_the_draw(distribution: Once | Web) -> None:
    drawn = distribution.draw(2, "a")
    assert len(drawn) == distribution.versions
    assert drawn == distribution.draw(2, "a") != distribution.draw(2, "b")


def test_once_saves_once_at_each_quality() -> None:
    drawn = ONCE.draw(2, 0)
    assert [first(history).qf for history in drawn] == list(ONCE.qfs)
    assert all(len(history.steps) == 1 for history in drawn)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_share_of_full_chroma(share: float) -> None:
    drawn = Once(qfs=(50,) * 4000, share_444=share).draw(2, 0)
    kept = np.mean([first(history).subsampling == "4:4:4" for history in drawn])
    assert kept == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"qfs": ()}, "qfs must be"),
        ({"qfs": (10, 101)}, "got .10, 101."),
        ({"share_444": 2}, "share_444 must be in .0, 1., got 2"),
    ],
)
def test_impossible_values_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Once(**{"qfs": (10,), "share_444": 0} | values)  # pyright: ignore
    with pytest.raises(ValueError, match="repeated must be at least 1, got 0"):
        Web(once=ONCE, repeated=0)


@pytest.mark.parametrize("scale", [2, 4])
def test_web_histories_are_of_many_kinds_and_can_be_replayed(scale: int, photo: Pixels) -> None:
    drawn = Web(once=ONCE, repeated=1500).draw(scale, 0)[ONCE.versions :]
    kinds = Counter(type(step) for history in drawn for step in history.steps)
    assert set(kinds) >= {Jpeg, Photoshop, Png, Resize}
    words = [str(history) for history in drawn]
    assert all(parse_history(word) == history for word, history in zip(words, drawn, strict=True))
    assert all(word in ">".join(words) for word in ("mozjpeg", "webp", "avif", "sharpen", "/444"))
    assert all(1 / scale < history.ratio <= 1.2 for history in drawn)
    assert 0.15 < np.mean([history.ratio != 1 for history in drawn]) < 0.35
    lr = photo[::scale, ::scale]
    for history in drawn[:40]:
        assert history(photo, lr).shape == lr.shape


def test_clean_pictures_stay_as_they_are(photo: Pixels) -> None:
    (history,) = Clean().draw(2, 0)
    assert Clean().versions == 1
    lr = photo[::2, ::2]
    np.testing.assert_array_equal(history(photo, lr), lr)
    assert (history.last_save.tables == 1).all()


@pytest.mark.parametrize(
    "histories",
    [
        Once(qfs=(10, 40), share_444=0.0),
        Once(qfs=(10, 40), share_444=1.0),
        Once(qfs=(10, 40), share_444=0.5),
        Clean(),
        Web(once=Once(qfs=(10,), share_444=0.0), repeated=1),
    ],
)
def test_seeds_decide_where_there_is_something_to_decide(histories: Distribution) -> None:
    drawn = {str(histories.draw(2, seed)) for seed in range(20)}
    assert (len(drawn) > 1) == histories.random
