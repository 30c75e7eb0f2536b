import pytest

from jcarsr.errors import WeightsError
from jcarsr.web import network_size
from jcarsr.web.network_size import NetworkSize, chosen_name, is_available
from jcarsr.weights import bundled_names, default_name


@pytest.mark.parametrize("scale", [2, 4])
def test_small(scale: int) -> None:
    name = chosen_name(NetworkSize.small, scale)
    assert name == f"jcarsr-lite-x{scale}"
    assert name in bundled_names()


@pytest.mark.parametrize("scale", [2, 4])
def test_auto_is_what_the_command_takes(scale: int) -> None:
    assert chosen_name(NetworkSize.auto, scale) == default_name(scale)


def test_one_that_is_not_there() -> None:
    with pytest.raises(WeightsError, match="the large network is not trained yet for scale 4"):
        chosen_name(NetworkSize.large, 4)


def test_available_are_those_with_every_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    for names, small, large in (
        (("jcarsr-lite-x2", "jcarsr-lite-x4"), True, False),
        (("jcarsr-lite-x2", "jcarsr-x2", "jcarsr-x4"), False, True),
        (("jcarsr-x2",), False, False),
    ):
        monkeypatch.setattr(network_size, "bundled_names", lambda names=names: names)
        assert (is_available(NetworkSize.small), is_available(NetworkSize.large)) == (small, large)


def test_every_size_that_is_told_as_available_can_be_had() -> None:
    for size in (NetworkSize.small, NetworkSize.large):
        for scale in (2, 4):
            if is_available(size):
                assert chosen_name(size, scale) in bundled_names()
            else:
                with pytest.raises(WeightsError, match="is not trained yet"):
                    chosen_name(size, scale)
